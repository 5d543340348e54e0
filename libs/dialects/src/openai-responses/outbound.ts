/** Who speaks Responses speaks chat completions too: calls of other dialects go there in that one. */
export const outbound = null;
