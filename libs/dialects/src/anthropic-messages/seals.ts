const mark = "anthropic:";

/** Marked as Anthropic's, so that no other provider is given it. */
export const marked = (seal: string): string => `${mark}${seal}`;

/** As Anthropic made it; null for another provider's. */
export const ownSeal = (seal: string | null): string | null =>
  seal?.startsWith(mark) === true ? seal.slice(mark.length) : null;
