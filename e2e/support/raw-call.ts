import { request } from "undici";
import type { Platform } from "./platform.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly json: unknown;
}

/** What has no answer by then hangs: the failure says so, and not only that a test took too long. */
export const hangsAfter = { headersTimeout: 60_000, bodyTimeout: 60_000 };

/** One HTTP exchange with the gateway, for what an SDK would refuse to send. POST when there is a body. */
export async function rawCall(
  platform: Platform,
  path: string,
  options: {
    headers?: Record<string, string>;
    body?: string | Buffer;
    method?: "GET" | "POST" | "DELETE" | "PATCH";
    gateway?: number;
  },
): Promise<RawAnswer> {
  const url = `${platform.gatewayUrls[options.gateway ?? 0]}${path}`;
  const answer = await request(url, {
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    headers: options.headers ?? {},
    ...hangsAfter,
    ...(options.body === undefined ? {} : { body: options.body }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text, json: parseOrNull(text) };
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
