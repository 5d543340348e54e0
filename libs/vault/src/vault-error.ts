/**
 * Why an envelope cannot be opened. `unknown_key`: its key-encryption key is not in the keyring. `malformed`: it is cut off, too
 * long, or not in our format. `not_authentic`: it was changed, or it belongs to another record.
 */
export type VaultFailure = "unknown_key" | "malformed" | "not_authentic";

/** Says neither plaintext nor key material. */
export class VaultError extends Error {
  readonly failure: VaultFailure;

  constructor(failure: VaultFailure, message: string) {
    super(message);
    this.name = "VaultError";
    this.failure = failure;
  }
}
