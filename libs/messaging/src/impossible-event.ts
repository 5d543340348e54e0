/** Thrown by a handler for an event that its source cannot have written: it is set aside at once, since no retry helps. */
export class ImpossibleEventError extends Error {
  override readonly name = "ImpossibleEventError";
}

/** For an event with a value that this release does not know: a newer one may, so it is delivered again for a while. */
export class UnknownValueError extends Error {
  override readonly name = "UnknownValueError";
}

/** Why an event that could not be decoded is not handled. */
export const unreadable = ({ reason, mayBeNewer }: { readonly reason: string; readonly mayBeNewer: boolean }): Error =>
  mayBeNewer ? new UnknownValueError(reason) : new ImpossibleEventError(reason);
