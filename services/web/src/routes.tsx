import type { RouteObject } from "react-router";
import { AppFrame } from "./ui/app-frame.tsx";
import { Crash } from "./ui/crash.tsx";
import { PublicFrame } from "./ui/public-frame.tsx";

/** A page is loaded when somebody goes there. */
const page = (path: string, load: () => Promise<{ Page: () => React.ReactNode }>): RouteObject => ({
  path,
  lazy: async () => ({ Component: (await load()).Page }),
});

/** Every page. Public ones are prerendered: `domain/page-paths.ts` lists them. */
export const routes: RouteObject[] = [
  {
    Component: PublicFrame,
    ErrorBoundary: Crash,
    children: [
      page("/", () => import("./pages/landing/landing-page.tsx")),
      page("/pricing", () => import("./pages/pricing/pricing-page.tsx")),
      page("/guide", () => import("./pages/guide/guide-page.tsx")),
      page("/docs/errors", () => import("./pages/errors/errors-page.tsx")),
      page("/status", () => import("./pages/status/status-page.tsx")),
      page("/terms", () => import("./pages/terms/terms-page.tsx")),
      page("/sign-up", () => import("./pages/sign-up/sign-up-page.tsx")),
      page("/sign-in", () => import("./pages/sign-in/sign-in-page.tsx")),
      page("/oidc", () => import("./pages/oidc/oidc-page.tsx")),
      page("/reset", () => import("./pages/reset/reset-page.tsx")),
      page("/set-password", () => import("./pages/set-password/set-password-page.tsx")),
      page("/confirm-email", () => import("./pages/confirm-email/confirm-email-page.tsx")),
      page("/invitation", () => import("./pages/invitation/invitation-page.tsx")),
      page("*", () => import("./pages/not-found/not-found-page.tsx")),
    ],
  },
  {
    Component: AppFrame,
    ErrorBoundary: Crash,
    children: [
      page("/welcome", () => import("./pages/welcome/welcome-page.tsx")),
      page("/dashboard", () => import("./pages/dashboard/dashboard-page.tsx")),
      page("/keys", () => import("./pages/keys/keys-page.tsx")),
      page("/byok", () => import("./pages/byok/byok-page.tsx")),
      page("/org", () => import("./pages/org/org-page.tsx")),
      page("/billing", () => import("./pages/billing/billing-page.tsx")),
      page("/account", () => import("./pages/account/account-page.tsx")),
      page("/operator", () => import("./pages/operator/operator-page.tsx")),
    ],
  },
];
