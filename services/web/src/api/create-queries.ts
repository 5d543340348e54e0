import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isProblem, Problem } from "./problem.ts";
import { sessionQuery } from "./session-query.ts";

const freshMs = 15_000;
const maxRetries = 2;

/** What was refused is not asked again; what did not answer is, twice. */
const retry = (failures: number, error: Error): boolean =>
  failures < maxRetries && !(error instanceof Problem && error.status >= 400 && error.status < 500);

export function createQueries(): QueryClient {
  const onError = (error: Error): void => {
    // The session ended and nothing told of it: the frame sends whoever it was to sign in.
    if (isProblem(error, "not_signed_in")) void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: freshMs,
        retry,
        networkMode: "always",
        refetchOnWindowFocus: true,
        refetchOnReconnect: true,
      },
      // Offline an act fails at once: it is not done later, when nobody thinks of it any more.
      mutations: { networkMode: "always" },
    },
  });
  return queries;
}
