import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { idSchema, nameSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { Passkey } from "../domain/passkey.ts";
import { addPasskey, beginPasskey, listPasskeys, removePasskey } from "../usecases/manage-passkeys.ts";
import { beginPasskeySignIn, signInByPasskey } from "../usecases/sign-in-by-passkey.ts";
import { type AuthRouteDeps, placeOf, sessionViewSchema, signedInReply } from "./auth-schemas.ts";
import { outcomeOf } from "./sign-in.ts";

const path = "/api/auth/passkeys";
const signInPath = "/api/auth/passkey-sign-in";
const sensitive = { tags: ["Sign-in"], auth: "session", requires: ["recent authentication"] } as const;

const bytes = (maxCharacters: number) => z.base64url().min(1).max(maxCharacters);
const credentialId = bytes(1400);
const clientDataJSON = bytes(8_000);
const credential = { id: credentialId, rawId: credentialId, type: z.literal("public-key") };
/** As a browser's `PublicKeyCredential.toJSON()` writes it; what it adds beside these is not read. */
const newCredential = z.looseObject({
  ...credential,
  response: z.looseObject({ clientDataJSON, attestationObject: bytes(64_000) }),
});
const shownCredential = z.looseObject({
  ...credential,
  response: z.looseObject({ clientDataJSON, authenticatorData: bytes(8_000), signature: bytes(8_000) }),
});

const fromApiNew = ({ id, rawId, type, response }: z.output<typeof newCredential>): RegistrationResponseJSON => {
  const { clientDataJSON: clientData, attestationObject } = response;
  return { id, rawId, type, response: { clientDataJSON: clientData, attestationObject }, clientExtensionResults: {} };
};
const fromApiShown = ({ id, rawId, type, response }: z.output<typeof shownCredential>): AuthenticationResponseJSON => {
  const { clientDataJSON: clientData, authenticatorData, signature } = response;
  const shown = { clientDataJSON: clientData, authenticatorData, signature };
  return { id, rawId, type, response: shown, clientExtensionResults: {} };
};
/** As the browser takes them, parsed by `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`. */
const browserOptions = z.object({ publicKey: z.looseObject({ challenge: z.string() }) });

const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});
const toApiPasskey = ({ id, name, createdAt, lastUsedAt }: Passkey): z.input<typeof passkeySchema> => ({
  id,
  name,
  createdAt: createdAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
});

export const beginPasskeyRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    ...sensitive,
    method: "post",
    path: `${path}/options`,
    summary: "Begin to add a passkey: what `navigator.credentials.create` takes",
    responses: { 200: browserOptions },
    errors: ["conflict"],
    handler: async ({ caller }) => ({
      status: 200 as const,
      body: { publicKey: { ...(await beginPasskey(deps, caller)) } },
    }),
  });

export const addPasskeyRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    ...sensitive,
    method: "post",
    path,
    summary: "Add the passkey that the browser made, within five minutes",
    body: z.object({ name: nameSchema, credential: newCredential }),
    responses: { 201: passkeySchema },
    errors: ["passkey_refused", "conflict"],
    handler: async ({ caller, body }) => {
      const wanted = { name: body.name, response: fromApiNew(body.credential) };
      return { status: 201 as const, body: toApiPasskey(await addPasskey(deps, caller, wanted)) };
    },
  });

export const listPasskeysRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "get",
    path,
    summary: "List your passkeys",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 200: z.object({ items: z.array(passkeySchema) }) },
    errors: [],
    handler: async ({ caller }) => {
      const passkeys = await listPasskeys(deps, caller.userId);
      return { status: 200 as const, body: { items: passkeys.map(toApiPasskey) } };
    },
  });

export const removePasskeyRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    ...sensitive,
    method: "delete",
    path: `${path}/:passkeyId`,
    summary: "Remove a passkey: nobody signs in with it any more",
    params: z.object({ passkeyId: idSchema }),
    responses: { 204: z.undefined() },
    errors: ["not_found", "conflict"],
    handler: async ({ caller, params }) => {
      await removePasskey(deps, caller, params.passkeyId);
      return { status: 204 as const, body: undefined };
    },
  });

export const beginPasskeySignInRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: `${signInPath}/options`,
    summary: "Begin to sign in with a passkey: what `navigator.credentials.get` takes",
    tags: ["Sign-in"],
    auth: "visitor",
    responses: { 200: browserOptions },
    errors: ["too_many_attempts", "conflict"],
    handler: async ({ caller }) => ({
      status: 200 as const,
      body: { publicKey: { ...(await beginPasskeySignIn(deps, placeOf(caller))) } },
    }),
  });

export const signInByPasskeyRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: signInPath,
    summary: "Sign in with a passkey, which counts as two factors; the session comes as a cookie",
    tags: ["Sign-in"],
    auth: "visitor",
    body: z.object({ credential: shownCredential }),
    responses: { 200: sessionViewSchema },
    errors: ["passkey_refused", "too_many_attempts", "conflict"],
    handler: async ({ caller, body }) => {
      try {
        const signedIn = await signInByPasskey(deps, fromApiShown(body.credential), placeOf(caller));
        deps.onSignIn("ok");
        return signedInReply(signedIn, deps.publicUrl);
      } catch (error) {
        deps.onSignIn(outcomeOf(error));
        throw error;
      }
    },
  });
