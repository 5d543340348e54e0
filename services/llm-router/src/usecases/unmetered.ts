import type { ServerResponse } from "node:http";
import { unmeteredHeaderName } from "@topdog/contracts/principal-header";

/** This router has not recorded the call: the gateway, which charged it, must publish its usage. */
export function markUnmetered(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader(unmeteredHeaderName, "1");
}
