import type { QueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "./client.ts";
import { sessionQuery } from "./session-query.ts";

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Of an authenticator app; "" when none was asked for. */
  readonly code: string;
}

/** Whoever signs in sees nothing of who was here before. */
export async function signIn(queries: QueryClient, { email, password, code }: Credentials): Promise<void> {
  const body = { email, password, ...(code === "" ? {} : { code }) };
  const session = await bodyOf(api.POST("/api/auth/sign-in", { body }));
  queries.clear();
  queries.setQueryData(sessionQuery.queryKey, session);
}

export async function signOut(queries: QueryClient): Promise<void> {
  await bodyOf(api.POST("/api/auth/sign-out"));
  queries.clear();
}

/** Where to go after signing in: a path of this site, and no other's. */
export const safeNext = (next: string | null, otherwise = "/dashboard"): string =>
  next !== null && /^\/(?![/\\])/.test(next) ? next : otherwise;
