import type { Route } from "@topdog/http-kit/route";
import type { AuthRouteDeps } from "./auth-schemas.ts";
import { askForNewEmailRoute, changeAccountRoute, confirmNewEmailRoute } from "./change-account.ts";
import { changePasswordRoute } from "./change-password.ts";
import { getAccountRoute } from "./get-account.ts";
import {
  addPasskeyRoute,
  beginPasskeyRoute,
  beginPasskeySignInRoute,
  listPasskeysRoute,
  removePasskeyRoute,
  signInByPasskeyRoute,
} from "./passkeys.ts";
import { beginLinkRoute, linkIdentityRoute, listIdentitiesRoute, unlinkIdentityRoute } from "./identities.ts";
import { beginOidcRoute, listMethodsRoute, signInByOidcRoute } from "./oidc.ts";
import { proveAgainRoute } from "./prove-again.ts";
import { endSessionRoute, getSessionRoute, listSessionsRoute } from "./sessions.ts";
import { setPasswordRoute } from "./set-password.ts";
import { signInRoute } from "./sign-in.ts";
import { signOutEverywhereRoute, signOutRoute } from "./sign-out.ts";
import { resetPasswordRoute, signUpRoute } from "./sign-up.ts";
import { beginTotpRoute, completeTotpRoute, removeTotpRoute } from "./totp.ts";

const constructors = [
  signUpRoute,
  resetPasswordRoute,
  setPasswordRoute,
  signInRoute,
  signOutRoute,
  signOutEverywhereRoute,
  getSessionRoute,
  listSessionsRoute,
  endSessionRoute,
  proveAgainRoute,
  changePasswordRoute,
  getAccountRoute,
  changeAccountRoute,
  askForNewEmailRoute,
  confirmNewEmailRoute,
  beginTotpRoute,
  completeTotpRoute,
  removeTotpRoute,
  beginPasskeyRoute,
  addPasskeyRoute,
  listPasskeysRoute,
  removePasskeyRoute,
  beginPasskeySignInRoute,
  signInByPasskeyRoute,
  listMethodsRoute,
  beginOidcRoute,
  signInByOidcRoute,
  beginLinkRoute,
  linkIdentityRoute,
  listIdentitiesRoute,
  unlinkIdentityRoute,
];

/** How people sign in and out. */
export const createAuthRoutes = (deps: AuthRouteDeps): Route[] => constructors.map((construct) => construct(deps));
