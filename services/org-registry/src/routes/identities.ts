import { idSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { Identity } from "../domain/identity.ts";
import { linkIdentity, listIdentities, unlinkIdentity } from "../usecases/manage-identities.ts";
import { beginOidc } from "../usecases/oidc-flow.ts";
import {
  type AuthRouteDeps,
  beginSchema,
  begunReply,
  forgetOidc,
  providerAnswerSchema,
  returnOf,
} from "./auth-schemas.ts";

const path = "/api/auth/identities";
const sensitive = { tags: ["Sign-in"], auth: "session", requires: ["recent authentication"] } as const;

const identitySchema = z.object({
  id: z.string(),
  issuer: z.string(),
  email: z.string().nullable().describe("As the provider named it when it was linked"),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});
const toApiIdentity = ({ id, issuer, email, createdAt, lastUsedAt }: Identity): z.input<typeof identitySchema> => ({
  id,
  issuer,
  email,
  createdAt: createdAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
});

export const beginLinkRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    ...sensitive,
    method: "post",
    path: `${path}/start`,
    summary:
      "Begin to link an account at the OIDC provider: where the browser goes, and a cookie for when it comes back",
    responses: { 200: beginSchema },
    errors: ["too_many_attempts", "oidc_not_configured", "oidc_unavailable"],
    handler: async ({ caller: { userId } }) =>
      begunReply(await beginOidc(deps, { who: userId, linkingUserId: userId, again: false }), deps.publicUrl),
  });

export const linkIdentityRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    ...sensitive,
    method: "post",
    path,
    summary: "Link what the OIDC provider answered: it signs you in from now on",
    body: providerAnswerSchema,
    responses: { 201: identitySchema },
    errors: ["oidc_refused", "conflict", "too_many_attempts", "oidc_not_configured", "oidc_unavailable"],
    handler: async ({ caller, body, req }) => ({
      status: 201 as const,
      body: toApiIdentity(await linkIdentity(deps, caller, returnOf(deps, req, body))),
      headers: { "set-cookie": forgetOidc(deps.publicUrl) },
    }),
  });

export const listIdentitiesRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "get",
    path,
    summary: "List your accounts at OIDC providers, which sign you in",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 200: z.object({ items: z.array(identitySchema) }) },
    errors: [],
    handler: async ({ caller }) => ({
      status: 200 as const,
      body: { items: (await listIdentities(deps, caller.userId)).map(toApiIdentity) },
    }),
  });

export const unlinkIdentityRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    ...sensitive,
    method: "delete",
    path: `${path}/:identityId`,
    summary: "Unlink an account at an OIDC provider: it signs nobody in any more",
    params: z.object({ identityId: idSchema }),
    responses: { 204: z.undefined() },
    errors: ["not_found", "conflict"],
    handler: async ({ caller, params }) => {
      await unlinkIdentity(deps, caller, params.identityId);
      return { status: 204 as const, body: undefined };
    },
  });
