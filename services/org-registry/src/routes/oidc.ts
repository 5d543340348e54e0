import { isIP } from "node:net";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { beginOidc } from "../usecases/oidc-flow.ts";
import { signInByOidc } from "../usecases/sign-in-by-oidc.ts";
import {
  type AuthRouteDeps,
  beginSchema,
  begunReply,
  codeSchema,
  forgetOidc,
  placeOf,
  providerAnswerSchema,
  returnOf,
  sessionViewSchema,
  signedInReply,
} from "./auth-schemas.ts";
import { outcomeOf } from "./sign-in.ts";

const path = "/api/auth/oidc";

export const listMethodsRoute = ({ oidc, canSendMail, publicUrl }: AuthRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/auth/methods",
    summary: "Read by what people sign in here",
    tags: ["Sign-in"],
    auth: "none",
    responses: {
      200: z.object({
        mail: z.boolean().describe("Whether an address is enough to sign up: a link is mailed to it"),
        passkeys: z.boolean(),
        oidc: z.object({ name: z.string().describe("What people call the provider") }).nullable(),
      }),
    },
    errors: [],
    handler: async () => ({
      status: 200 as const,
      body: {
        mail: canSendMail,
        passkeys: isIP(new URL(publicUrl).hostname.replaceAll(/^\[|\]$/g, "")) === 0,
        oidc: oidc === null ? null : { name: oidc.name },
      },
    }),
  });

export const beginOidcRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: `${path}/start`,
    summary: "Begin to sign in by the OIDC provider: where the browser goes, and a cookie for when it comes back",
    tags: ["Sign-in"],
    auth: "visitor",
    body: z.object({
      again: z
        .boolean()
        .default(false)
        .describe("The provider must ask who it is, even of somebody who is signed in there"),
    }),
    responses: { 200: beginSchema },
    errors: ["too_many_attempts", "oidc_not_configured", "oidc_unavailable"],
    handler: async ({ caller, body }) =>
      begunReply(
        await beginOidc(deps, { who: caller.address, linkingUserId: null, again: body.again }),
        deps.publicUrl,
      ),
  });

export const signInByOidcRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: `${path}/sign-in`,
    summary: "Sign in by what the OIDC provider answered; the session comes as a cookie",
    description:
      "A verified address that has no account gets one. An account with an authenticator app answers `second_factor_required` until the same request comes with the code.",
    tags: ["Sign-in"],
    auth: "visitor",
    body: providerAnswerSchema.extend({ code: codeSchema.optional() }),
    responses: { 200: sessionViewSchema },
    errors: [
      "oidc_refused",
      "oidc_not_linked",
      "second_factor_required",
      "wrong_code",
      "too_many_attempts",
      "oidc_not_configured",
      "oidc_unavailable",
    ],
    handler: async ({ caller, body: { code, ...answer }, req }) => {
      try {
        const signedIn = await signInByOidc(deps, returnOf(deps, req, answer), code, placeOf(caller));
        deps.onSignIn("ok");
        const reply = signedInReply(signedIn, deps.publicUrl);
        return { ...reply, headers: { "set-cookie": [...reply.headers["set-cookie"], forgetOidc(deps.publicUrl)] } };
      } catch (error) {
        deps.onSignIn(outcomeOf(error));
        throw error;
      }
    },
  });
