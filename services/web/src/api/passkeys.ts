import type { QueryClient } from "@tanstack/react-query";
import type { Sent } from "../domain/answers.ts";
import { auth } from "../copy/auth.ts";
import { api, bodyOf } from "./client.ts";
import { Problem } from "./problem.ts";
import { sessionQuery } from "./session-query.ts";

type NewCredential = Sent<"/api/auth/passkeys", "post">["credential"];
type ShownCredential = Sent<"/api/auth/passkey-sign-in", "post">["credential"];

/** Older browsers have passkeys, but no way to say them in JSON. */
export const canUsePasskeys = (): boolean =>
  typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** The browser asks its person; what they decline, or have no device for, is a problem as any other. */
async function askBrowser(ask: () => Promise<Credential | null>): Promise<unknown> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "InvalidStateError") throw passkeyProblem(auth.signIn.passkeyHeld);
  }
  throw passkeyProblem(auth.signIn.passkeyMissing);
}

const passkeyProblem = (title: string): Problem =>
  new Problem({ code: "passkey_refused", title, nextStep: auth.signIn.passkeyAdvice, status: 0 });

/** Makes a passkey on this device, or on one beside it, and adds it to the account. */
export async function addPasskey(name: string): Promise<void> {
  const { publicKey } = await bodyOf(api.POST("/api/auth/passkeys/options"));
  const options = publicKey as unknown as PublicKeyCredentialCreationOptionsJSON;
  const credential = await askBrowser(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  );
  await bodyOf(api.POST("/api/auth/passkeys", { body: { name, credential: credential as NewCredential } }));
}

/** Signs in as whoever the passkey belongs to. */
export async function signInByPasskey(queries: QueryClient): Promise<void> {
  const { publicKey } = await bodyOf(api.POST("/api/auth/passkey-sign-in/options"));
  const options = publicKey as unknown as PublicKeyCredentialRequestOptionsJSON;
  const credential = await askBrowser(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  );
  const body = { credential: credential as ShownCredential };
  const session = await bodyOf(api.POST("/api/auth/passkey-sign-in", { body }));
  queries.clear();
  queries.setQueryData(sessionQuery.queryKey, session);
}
