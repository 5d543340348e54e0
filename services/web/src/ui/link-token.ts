import { useState } from "react";

const tokenInHash = /^#token=([\w-]{43})$/;

function takeToken(): string | null {
  const token = tokenInHash.exec(location.hash)?.[1] ?? null;
  // Neither the address bar nor the history keeps it.
  if (token !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** The token of a mailed link: what follows `#token=`, which no server ever sees. Null when it is not there. */
export function useLinkToken(): string | null {
  const [token] = useState(takeToken);
  return token;
}
