const mark = "google:";

/** Marked as Google's, so that no other provider is given it. */
export const marked = (signature: string): string => `${mark}${signature}`;

/** As Google made it; null for another provider's. */
export const ownSignature = (seal: string | null): string | null =>
  seal?.startsWith(mark) === true ? seal.slice(mark.length) : null;

/** Documented for a call of a function that another model made: Gemini 3 refuses one without a signature. */
export const foreignSignature = "skip_thought_signature_validator";
