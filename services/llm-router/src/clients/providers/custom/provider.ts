import { isIP } from "node:net";
import { Secret } from "@topdog/config/secret";
import { Agent } from "undici";
import { connectionOptions, type HttpOptions } from "../../provider-http/http-provider.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import { type Provider, uncarried } from "../provider.ts";
import { readRefusal } from "./refusal.ts";

export interface CustomOptions extends Omit<HttpOptions, "baseUrl" | "agent"> {
  /** Of addresses that callers may name: `https:` alone, but for tests. */
  readonly schemes: readonly string[];
}

interface Endpoint {
  readonly baseUrl: string;
  readonly key: Secret | null;
}

/** `https://key@host/v1`, as a caller brings it; null when it is not of that form, or leads where no caller may. */
function endpointOf(credential: Secret | null, { schemes, mayConnectTo }: CustomOptions): Endpoint | null {
  const url = credential === null ? null : URL.parse(credential.reveal());
  if (url === null || !schemes.includes(url.protocol) || url.password !== "" || url.search !== "") return null;
  // A name is judged by what it resolves to; an address is never resolved.
  const host = url.hostname.replaceAll(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !mayConnectTo(host)) return null;
  const key = decodeURIComponent(url.username);
  url.username = "";
  return { baseUrl: url.href, key: key === "" ? null : Secret.of(key) };
}

/** Endpoints of callers themselves, that speak OpenAI's chat completions. Each credential says where its own is. */
export function createCustomProvider(options: CustomOptions): Provider {
  // It forgets an endpoint whose connections are all closed.
  const agent = new Agent(connectionOptions(options));
  const at = (baseUrl: string): Provider =>
    createOpenAiCompatibleProvider({ ...options, baseUrl, agent }, { native: ["openai-chat"], readRefusal });

  return {
    dialects: ["openai-chat"],
    native: ["openai-chat"],
    ownFormat: null,
    open(call, credential) {
      const endpoint = endpointOf(credential, options);
      if (endpoint !== null) return at(endpoint.baseUrl).open(call, endpoint.key);
      const message = "The credential for this model must be a public address: https://key@host/path.";
      return uncarried({ message, param: "model", code: null });
    },
    async check(credential, timeoutMs) {
      const endpoint = endpointOf(credential, options);
      return endpoint === null ? "invalid" : at(endpoint.baseUrl).check(endpoint.key, timeoutMs);
    },
    close: () => agent.destroy(),
  };
}
