import type { IncomingHttpHeaders } from "node:http";
import type { Secret } from "@topdog/config/secret";
import type { DialectId, ProviderRefusal } from "@topdog/dialects/dialect";
import type { ProviderCall, WireFormat } from "../providers/provider.ts";

/** A request as it goes out, but for the headers that every one has. */
export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  readonly host: string;
  readonly path: string;
  readonly body: Buffer | null;
}

/** A 4xx of a provider, and how long its body asks to be left alone. */
export interface StatedRefusal extends ProviderRefusal {
  readonly retryAfterSeconds?: number;
}
export type RefusalReader = (body: Buffer, headers: IncomingHttpHeaders) => StatedRefusal;

/** The body for this provider, without what it does not take; or why it cannot be told the call. */
export type AdaptedRequest =
  | { readonly body: Buffer; readonly dropped: readonly string[] }
  | { readonly refusal: Omit<ProviderRefusal, "type"> };

/** Turns a body that is no stream of events into one. */
export interface BodyDecoder {
  /** Null when the bytes are not what they should be. */
  push(chunk: Buffer): Buffer | null;
}

/** What one provider's API is, for those that are called over HTTP. */
export interface HttpApi {
  readonly native: readonly DialectId[];
  readonly ownFormat?: WireFormat;
  /** Under the base URL. */
  readonly pathOf: (call: ProviderCall) => string;
  /** The headers by which this credential opens this request; names and values alternate. */
  readonly authorize: (request: OutgoingRequest, credential: Secret) => readonly string[];
  /** More headers of a call. */
  readonly headersOf?: (call: ProviderCall) => readonly string[];
  readonly adapt?: (call: ProviderCall) => AdaptedRequest;
  readonly readRefusal: RefusalReader;
  /** What a stream is asked for as; events of text where it says nothing. */
  readonly streamType?: string;
  readonly newDecoder?: () => BodyDecoder;
  /** What costs nothing and needs the credential, under the base URL. */
  readonly checkPath: string;
}
