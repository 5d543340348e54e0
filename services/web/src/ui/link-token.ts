import { useEffect, useState } from "react";

const tokenInHash = /^#token=([\w-]{43})$/;

/** The token of a mailed link: what follows `#token=`, which no server ever sees. Null when it is not there. */
export function useLinkToken(): string | null {
  // Only read here: React may throw a render away and begin it again, and a token that was taken by the first was lost to the second.
  const [token] = useState(() => tokenInHash.exec(location.hash)?.[1] ?? null);
  useEffect(() => {
    // Neither the address bar nor the history keeps it.
    if (tokenInHash.test(location.hash)) history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return token;
}
