import { isProblem } from "./problem.ts";

export interface SessionSource<S> {
  /** Of the session that the browser has now; null or empty for none. */
  readonly token: () => string | null;
  readonly ask: () => Promise<S>;
  readonly changesAnswered: () => Promise<unknown>;
}

/**
 * The session, or null for a visitor. A change may put another session in the place of this one (a new password does), and its end may be heard of
 * before the change is answered: that nobody is signed in counts only when the browser still has the session that it was said of.
 */
export async function currentSession<S>({ token, ask, changesAnswered }: SessionSource<S>): Promise<S | null> {
  for (;;) {
    const asked = token() ?? "";
    if (asked === "") return null;
    try {
      return await ask();
    } catch (error) {
      if (!isProblem(error, "not_signed_in")) throw error;
      await changesAnswered();
      if (token() === asked) return null;
    }
  }
}
