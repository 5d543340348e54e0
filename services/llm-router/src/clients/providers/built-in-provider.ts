import type { ProviderId } from "@topdog/contracts/providers";
import type { Model } from "../../domain/models.ts";
import type { HttpOptions } from "../provider-http/http-provider.ts";
import type { Provider } from "./provider.ts";

/** A company's API that an operator switches on by its key, and that callers may bring keys for. */
export interface BuiltInProvider {
  /** Of its upstream, and of callers' credentials. */
  readonly id: ProviderId;
  readonly baseUrl: string;
  readonly models: readonly Model[];
  readonly create: (options: HttpOptions) => Provider;
}
