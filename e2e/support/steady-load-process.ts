import { writeFileSync } from "node:fs";
import { Agent, request } from "undici";
import { runLoad } from "./load.ts";
import { seededRandom } from "./random.ts";

/** Steady calls and looks at the account, until SIGTERM; then the journal of every call goes into a file. */
async function main(url: string, key: string, journal: string): Promise<void> {
  writeFileSync(`${journal}.pid`, String(process.pid));
  let goOn = true;
  process.once("SIGTERM", () => (goOn = false));
  const looks = lookAround(url, key, () => goOn);
  const observations = await runLoad({
    urls: [url],
    keys: [key],
    clients: 8,
    streamedShare: 0.3,
    random: seededRandom(1),
    goOn: (seen) => {
      if (seen.length % 500 === 499) process.stdout.write(`${summary(seen)}\n`);
      return goOn;
    },
    pauseMs: 250,
    pauseAfterFailureMs: 150,
    freshConnections: true,
  });
  const account = await looks;
  writeFileSync(journal, JSON.stringify({ observations, account }));
  process.stdout.write(`${summary(observations)}\n`);
}

const accountPaths = ["/api/limits", "/api/tiers", "/api/keys", "/api/billing/subscription"];
const lookEveryMs = 60;

/** Answers by path and status. */
async function lookAround(url: string, key: string, goOn: () => boolean): Promise<Record<string, number>> {
  const agent = new Agent({ pipelining: 0 });
  const counts: Record<string, number> = {};
  for (let turn = 0; goOn(); turn += 1) {
    const path = accountPaths[turn % accountPaths.length] ?? "";
    const status = await request(`${url}${path}`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(10_000),
    }).then(
      async (answer) => {
        await answer.body.dump();
        return String(answer.statusCode);
      },
      (error: Error) => error.name,
    );
    counts[`${path} ${status}`] = (counts[`${path} ${status}`] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  await agent.destroy();
  return counts;
}

function summary(seen: readonly { readonly status: number | null }[]): string {
  const counts: Record<string, number> = {};
  for (const { status } of seen) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
  return JSON.stringify(counts);
}

const [url, key, journal] = process.argv.slice(2);
if (url === undefined || key === undefined || journal === undefined)
  throw new Error("usage: load-process.ts <url> <key> <journal>");
await main(url, key, journal);
