import { nameSchema } from "@topdog/contracts/text";
import { InvalidArgumentError } from "commander";

/** The same names as the account API takes. */
export function parseName(text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(parsed.error.issues.map((issue) => issue.message).join("; "));
  return parsed.data;
}
