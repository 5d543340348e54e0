/** How long a person may take at the provider. */
export const oidcFlowLifetimeMs = 10 * 60_000;

/** Somebody's account at an OIDC provider, which signs a user of ours in. */
export interface Identity {
  readonly id: string;
  readonly userId: string;
  readonly issuer: string;
  readonly email: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** Whom the provider named. */
export interface ShownIdentity {
  readonly issuer: string;
  /** The provider's own id of the person. */
  readonly subject: string;
  /** Null for what is no address. */
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  /** When the person proved to the provider who they are; null when it does not say. */
  readonly authenticatedAt: Date | null;
}
