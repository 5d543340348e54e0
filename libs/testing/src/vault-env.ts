import { createVaultKeys } from "@topdog/vault/keyring";

/** The keyring of a test, for every service of it. */
export const vaultEnv = { VAULT_KEYS: createVaultKeys("test") };
