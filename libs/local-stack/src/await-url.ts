import { get } from "node:http";
import pWaitFor from "p-wait-for";

const attemptTimeoutMs = 2_000;
const pollIntervalMs = 50;

/** Resolves once a GET of `url` answers 200; rejects with `signal`'s reason when that fires first. */
export async function awaitUrl(url: string, signal: AbortSignal): Promise<void> {
  await pWaitFor(() => answersOk(url), { interval: pollIntervalMs, signal });
}

function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: attemptTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
