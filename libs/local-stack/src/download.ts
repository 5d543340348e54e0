import { createWriteStream } from "node:fs";
import { Agent, get } from "node:https";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";

const redirectsMax = 5;
const totalTimeoutMs = 120_000;

/** Fetches `url` into `file`, by the proxy that the environment names if any. Rejects on any answer but 200. */
export async function download(url: string, file: string, connectTimeoutMs: number): Promise<void> {
  const agent = new Agent({ proxyEnv: process.env });
  const signal = AbortSignal.timeout(totalTimeoutMs);
  let target = url;
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const answer = await open(target, agent, connectTimeoutMs, signal);
    const next = answer.headers.location;
    if (answer.statusCode === 200) return pipeline(answer, createWriteStream(file), { signal });
    answer.destroy();
    if (next === undefined) throw new Error(`${target} answered ${answer.statusCode}`);
    target = new URL(next, target).href;
  }
  throw new Error(`${url} redirects more than ${redirectsMax} times`);
}

function open(url: string, agent: Agent, connectTimeoutMs: number, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, signal }, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
