const mark = "bedrock:";

/** Marked as Bedrock's, so that no other provider is given it. */
export const marked = (seal: string): string => `${mark}${seal}`;

/** As Bedrock gave it; null for another provider's. */
export const ownSeal = (seal: string | null): string | null =>
  seal?.startsWith(mark) === true ? seal.slice(mark.length) : null;
