const version = "/v1";

/** A path as it is documented, and as SDKs send it whose base URL lacks the version or has it although they add it. */
export const spellingsOf = (path: string): readonly string[] => [path, path.slice(version.length), `${version}${path}`];

/** The path as it came, without its query: model ids stay encoded. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** As it is documented: routers know no other. */
export function documentedPath(path: string): string {
  if (!path.startsWith(`${version}/`)) return `${version}${path}`;
  return path.startsWith(`${version}${version}/`) ? path.slice(version.length) : path;
}
