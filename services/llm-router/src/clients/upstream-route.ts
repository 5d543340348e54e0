import type { Offer } from "../domain/model-catalog.ts";
import type { CredentialRecord } from "./credential-record.ts";

/** One way to serve a call: a model at an upstream, with a credential. */
export interface UpstreamRoute {
  readonly offer: Offer;
  readonly credential: CredentialRecord;
}
