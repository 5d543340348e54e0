import type { ServerResponse } from "node:http";

/** On an answer whose call this router has not recorded: the gateway, which charged it, must publish its usage. */
const unmeteredHeaderName = "x-topdog-unmetered";

export function markUnmetered(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader(unmeteredHeaderName, "1");
}
