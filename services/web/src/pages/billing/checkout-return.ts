const storageKey = "checkout-org";

/** A checkout returns to one address for all: this remembers for whom it was opened. */
export const rememberPayer = (orgId: string | null): void => sessionStorage.setItem(storageKey, orgId ?? "");

/** The org that a finished checkout was for; null for the person. */
export function rememberedPayer(): string | null {
  const orgId = sessionStorage.getItem(storageKey) ?? "";
  return orgId === "" ? null : orgId;
}
