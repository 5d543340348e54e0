import type { SessionView } from "../domain/answers.ts";
import type { QueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "./client.ts";
import { sessionQuery } from "./session-query.ts";
import { safeNext } from "./sign-in.ts";

/** What this tab went to the provider for, and where it goes on after. */
export interface BegunAtProvider {
  /** "prove": somebody who is signed in is to prove once more who they are. */
  readonly purpose: "sign in" | "prove" | "link";
  readonly next: string;
}

export interface ProviderAnswer {
  readonly authorizationCode: string;
  readonly state: string;
  readonly issuer?: string;
}

/** It outlives the way to another site and back, in this tab alone. */
const storageName = "topdog.oidc";

async function go(begun: BegunAtProvider, ask: () => Promise<{ readonly url: string }>): Promise<void> {
  const { url } = await ask();
  sessionStorage.setItem(storageName, JSON.stringify(begun));
  location.assign(url);
}

/** `again`: the provider must ask who it is, even of somebody who is signed in there. */
export const goToSignIn = (next: string, again = false): Promise<void> =>
  go({ purpose: again ? "prove" : "sign in", next }, () =>
    bodyOf(api.POST("/api/auth/oidc/start", { body: { again } })),
  );

export const goToLink = (): Promise<void> =>
  go({ purpose: "link", next: "/account" }, () => bodyOf(api.POST("/api/auth/identities/start")));

/** Without what was stored, as in another tab, it is a sign-in. */
export function readBegun(): BegunAtProvider {
  const { purpose, next } = JSON.parse(sessionStorage.getItem(storageName) ?? "{}") as Partial<BegunAtProvider>;
  return { purpose: purpose === "link" || purpose === "prove" ? purpose : "sign in", next: safeNext(next ?? null) };
}

/** What the provider sent back in the page's address, which keeps none of it; "declined" when it says that nobody signed in there. */
export function takeAnswer(): ProviderAnswer | "declined" | null {
  const answer = new URLSearchParams(location.search);
  if (answer.size > 0) history.replaceState(history.state, "", location.pathname);
  const [code, state, issuer] = [answer.get("code"), answer.get("state"), answer.get("iss")];
  if (answer.has("error")) return "declined";
  if (code === null || state === null) return null;
  return { authorizationCode: code, state, ...(issuer === null ? {} : { issuer }) };
}

/** Whoever signs in sees nothing of who was here before. `code`: of an authenticator app; "" when none was asked for. */
export async function endSignIn(queries: QueryClient, answer: ProviderAnswer, code: string): Promise<SessionView> {
  const body = { ...answer, ...(code === "" ? {} : { code }) };
  const session = await bodyOf(api.POST("/api/auth/oidc/sign-in", { body }));
  queries.clear();
  queries.setQueryData(sessionQuery.queryKey, session);
  return session;
}

export const endLink = (answer: ProviderAnswer) => bodyOf(api.POST("/api/auth/identities", { body: answer }));
