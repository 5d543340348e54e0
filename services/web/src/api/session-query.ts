import type { SessionView } from "../domain/answers.ts";
import { queryOptions } from "@tanstack/react-query";
import { api, bodyOf, changesAnswered, csrfToken } from "./client.ts";
import { currentSession } from "./current-session.ts";

const sessionKey = ["session"];

/** Null for a visitor. */
export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ client }) => {
    const ask = () => bodyOf(api.GET("/api/auth/session"));
    const session = await currentSession({ token: csrfToken, ask, changesAnswered });
    const before = client.getQueryData<SessionView | null>(sessionKey);
    // Somebody else signed in, in another window, where perhaps nobody was for a while: what was read for who was here before is none of theirs.
    if (before !== undefined && session !== null && before?.userId !== session.userId)
      void client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
    return session;
  },
  // In another window it may be somebody else's by now.
  refetchOnWindowFocus: "always",
});
