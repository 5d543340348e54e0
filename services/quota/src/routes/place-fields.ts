import { idSchema } from "@topdog/contracts/text";

/** In a query. */
export const orgIdField = idSchema
  .optional()
  .describe("An org that you are a member of, for a session; default: your own account. A key has its one place");
