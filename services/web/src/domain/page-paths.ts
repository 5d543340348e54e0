export type PublicPageId = "landing" | "pricing" | "guide" | "errors" | "status" | "terms";

export interface PublicPage {
  readonly id: PublicPageId;
  readonly path: string;
  /** Its chunk in the build. */
  readonly module: string;
}

const page = (id: PublicPageId, path: string): PublicPage => ({ id, path, module: `src/pages/${id}/${id}-page.tsx` });

/** Drawn at build time, and known to search engines. */
export const publicPages: readonly PublicPage[] = [
  page("landing", "/"),
  page("pricing", "/pricing"),
  page("guide", "/guide"),
  page("errors", "/docs/errors"),
  page("status", "/status"),
  page("terms", "/terms"),
];

/** Drawn in the browser, each with its folder in `src/pages`. */
export const appPaths = [
  "/sign-up",
  "/sign-in",
  "/oidc",
  "/reset",
  "/set-password",
  "/confirm-email",
  "/invitation",
  "/welcome",
  "/dashboard",
  "/keys",
  "/byok",
  "/org",
  "/billing",
  "/account",
  "/operator",
] as const;
