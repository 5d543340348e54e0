import { z } from "zod";
import { sessionCallerSchema } from "../account-call.ts";
import { defineRpc } from "../event.ts";

export const resolveSession = defineRpc({
  subject: "topdog.rpc.session.resolve.v1",
  summary: "Find the session that a token's SHA-256 belongs to; null for an unknown, ended or expired one",
  owner: "org-registry",
  askers: ["gateway"],
  idempotent: true,
  request: z.object({ tokenHash: z.string().regex(/^[0-9a-f]{64}$/) }),
  reply: z.object({ session: sessionCallerSchema.nullable() }),
});
