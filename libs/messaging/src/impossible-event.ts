/** Thrown by a handler for an event that its source cannot have written: it is set aside at once, since no retry helps. */
export class ImpossibleEventError extends Error {
  override readonly name = "ImpossibleEventError";
}
