/** The key of a request: `Authorization: Bearer`, else `x-api-key`; null when none was sent. */
export function presentedKey(authorization: string | undefined, apiKeyHeader: string | undefined): string | null {
  if (authorization !== undefined) {
    const isBearer = authorization.length > 7 && authorization.slice(0, 7).toLowerCase() === "bearer ";
    const key = isBearer ? authorization.slice(7).trim() : "";
    if (key !== "") return key;
  }
  return apiKeyHeader === undefined || apiKeyHeader === "" ? null : apiKeyHeader;
}
