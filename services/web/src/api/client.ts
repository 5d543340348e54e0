import createClient, { type Middleware } from "openapi-fetch";
import { tellOtherWindows } from "./other-windows.ts";
import { problemFrom } from "./problem.ts";
import type { paths } from "./schema.d.ts";

const unchanging = new Set(["GET", "HEAD"]);
/** The prefix is there over https alone. */
const csrfCookies = ["__Host-topdog_csrf", "topdog_csrf"];

/** Each session has one of its own. */
export function csrfToken(): string | null {
  for (const pair of document.cookie.split("; ")) {
    const at = pair.indexOf("=");
    if (csrfCookies.includes(pair.slice(0, at))) return pair.slice(at + 1);
  }
  return null;
}

/** Whether somebody may be signed in here: the two cookies of a session come and go together. */
export const hasSessionCookie = (): boolean => (csrfToken() ?? "") !== "";

/** What changes something carries the token that only a script of ours can read. */
const csrf: Middleware = {
  onRequest({ request }) {
    const token = unchanging.has(request.method) ? null : csrfToken();
    if (token !== null) request.headers.set("x-csrf-token", token);
    return request;
  },
};

const changesUnderWay = new Set<Promise<unknown>>();

/** Resolves when the server has answered everything that is being changed at this moment, and the browser has the cookies of the answers. */
export const changesAnswered = (): Promise<unknown> => Promise.allSettled(changesUnderWay);

async function watchedFetch(request: Request): Promise<Response> {
  const answer = fetch(request);
  if (unchanging.has(request.method)) return answer;
  const token = csrfToken();
  changesUnderWay.add(answer);
  try {
    return await answer;
  } finally {
    changesUnderWay.delete(answer);
    if (csrfToken() !== token) tellOtherWindows();
  }
}

/** The account API, as its OpenAPI document describes it. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  fetch: watchedFetch,
});
api.use(csrf);

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of a success; throws a `Problem` for anything else. */
export async function bodyOf<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw problemFrom(null, 0);
  }
  if (!answer.response.ok) throw problemFrom(answer.error, answer.response.status);
  return answer.data as T;
}
