const sandboxPrefix = "sandbox-";

/** It answers for nobody's data: it is on the platform's own machines. */
export const isSandbox = (upstreamId: string): boolean => upstreamId.startsWith(sandboxPrefix);

/** Which provider's credentials an upstream takes: all sandboxes take those of `sandbox`. */
export const byokProviderOf = (upstreamId: string): string => (isSandbox(upstreamId) ? "sandbox" : upstreamId);
