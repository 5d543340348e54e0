import type { z } from "zod";
import { invalid, type StripeError } from "../../domain/stripe-error.ts";

const nameOf = (path: readonly PropertyKey[]): string =>
  path.map((part, index) => (index === 0 ? String(part) : `[${String(part)}]`)).join("");

/** The first problem of the parameters, in Stripe's words. */
export function toStripeError({ issues }: z.ZodError): StripeError {
  const issue = deepest(issues[0]!);
  const name = nameOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const unknown = nameOf([...issue.path, issue.keys[0] ?? ""]);
    return invalid(
      `Received unknown parameter: ${unknown} (or one that this twin does not know)`,
      unknown,
      "parameter_unknown",
    );
  }
  if (issue.code === "invalid_type" && issue.input === undefined && issue.message.includes("undefined"))
    return invalid(`Missing required param: ${name}.`, name, "parameter_missing");
  return invalid(`Invalid ${name}: ${issue.message}`, name, "parameter_invalid");
}

/** Of a union, the branch that came furthest. */
function deepest(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): z.core.$ZodIssue {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union") return { ...issue, path };
  const inner = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined ? { ...issue, path } : deepest(inner, path);
}
