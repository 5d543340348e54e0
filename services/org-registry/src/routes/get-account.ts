import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { AccountFacts } from "../store/accounts.ts";
import type { AuthRouteDeps } from "./auth-schemas.ts";
import { readAccount } from "../usecases/read-account.ts";

export const accountSchema = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable().describe("What you are called; null until you say it"),
  admin: z.boolean().describe("Whether you have the admin role"),
  createdAt: z.iso.datetime(),
  passwordChangedAt: z.iso.datetime().nullable().describe("Null: you have none, and sign in by asking for a mail"),
  hasAuthenticator: z.boolean().describe("Whether an authenticator app is your second factor"),
});

export const toApiAccount = ({
  createdAt,
  passwordChangedAt,
  ...account
}: AccountFacts): z.input<typeof accountSchema> => ({
  ...account,
  createdAt: createdAt.toISOString(),
  passwordChangedAt: passwordChangedAt?.toISOString() ?? null,
});

export const getAccountRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/auth/account",
    summary: "Read your account",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 200: accountSchema },
    errors: [],
    handler: async ({ caller }) => {
      const account = await readAccount(deps, caller.userId);
      return { status: 200 as const, body: toApiAccount(account) };
    },
  });
