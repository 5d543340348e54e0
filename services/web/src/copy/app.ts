/** The frame around the pages of who is signed in. */
export const app = {
  nav: "Your account",
  workspace: "Workspace",
  personal: "Personal",
  strange: "An org that is not yours",
  dashboard: "Dashboard",
  keys: "API keys",
  byok: "Provider keys",
  org: "Org",
  billing: "Billing",
  account: "Account",
  operator: "Operator",
  signOut: "Sign out",
} as const;
