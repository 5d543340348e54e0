import type { Secret } from "@topdog/config/secret";
import type { BusAddress } from "./connect.ts";

/** The variables of `busFields` in @topdog/config/fields, as a process has read them. */
export interface BusVariables {
  readonly NATS_URL: string;
  readonly NATS_NKEY_SEED: Secret;
  readonly NATS_TLS_CA_FILE?: string | undefined;
  readonly NATS_TLS_CERT_FILE?: string | undefined;
  readonly NATS_TLS_KEY_FILE?: string | undefined;
  readonly POD_LABELS_FILE?: string | undefined;
}

/** From a process's configuration to what `connectBus` takes. */
export function busAddress(config: BusVariables): BusAddress {
  const { NATS_TLS_CA_FILE: caFile, NATS_TLS_CERT_FILE: certFile, NATS_TLS_KEY_FILE: keyFile } = config;
  const hasFiles = caFile !== undefined || certFile !== undefined;
  const tls = hasFiles ? { caFile, certFile, keyFile } : undefined;
  return { url: config.NATS_URL, seed: config.NATS_NKEY_SEED, tls, podLabelsFile: config.POD_LABELS_FILE };
}
