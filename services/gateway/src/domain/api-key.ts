/** The key of a request: `Authorization: Bearer`, else Anthropic's `x-api-key`, else Azure's `api-key`; null when none was sent. */
export function presentedKey(
  authorization: string | undefined,
  ...keyHeaders: readonly (string | undefined)[]
): string | null {
  if (authorization !== undefined) {
    const isBearer = authorization.length > 7 && authorization.slice(0, 7).toLowerCase() === "bearer ";
    const key = isBearer ? authorization.slice(7).trim() : "";
    if (key !== "") return key;
  }
  return keyHeaders.find((key) => key !== undefined && key !== "") ?? null;
}
