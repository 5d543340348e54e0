/** A handler throws it for an event that its source cannot have meant: it is set aside at once, since no retry helps. */
export class ImpossibleEventError extends Error {
  override readonly name = "ImpossibleEventError";
}
