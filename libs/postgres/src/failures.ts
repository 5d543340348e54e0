import { types } from "node:util";

/** SQLSTATEs after which the same transaction may succeed: serialization failure, deadlock. */
const conflictStates = new Set(["40001", "40P01"]);
/** The server went, is starting, is full or was told to stop: SQLSTATE class 08 and the operator's codes. */
const lostStates = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "25P03"]);
/**
 * The server is there and takes no writes: read-only (a standby, or one that was set so), out of disk or memory, an input or output
 * error, told to stop.
 */
const refusingStates = /^(25006|53...|58...|57P..)$/;
const lostSocketCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);
const lostMessages = [
  "Connection terminated",
  "Connection ended",
  "Client has encountered a connection error",
  "Client was closed",
  "timeout expired",
  "Timeout acquiring a connection",
  "Query read timeout",
  "Unable to acquire a connection",
  // What knex says to a statement of a transaction whose connection went in the middle of it.
  "Transaction query already complete",
];

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");

export function isConflict(error: unknown): boolean {
  return types.isNativeError(error) && conflictStates.has(codeOf(error));
}

/** True when the database could not be reached or went away: a fault of the platform, never of what was asked. */
export function isConnectionLoss(error: unknown): boolean {
  // Not `instanceof`: an error of node itself may come from another realm, as it does under Jest.
  if (!types.isNativeError(error)) return false;
  const code = codeOf(error);
  if (lostStates.has(code) || code.startsWith("08") || lostSocketCodes.has(code)) return true;
  return lostMessages.some((message) => error.message.includes(message)) || isConnectionLoss(error.cause);
}

/** True when the server answers, and cannot take this now: what was asked may be right, and succeeds when the server has recovered. */
export function isServerUnable(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  return refusingStates.test(codeOf(error)) || isConflict(error) || isServerUnable(error.cause);
}
