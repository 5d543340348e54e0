import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { durables, streams } from "@topdog/contracts/topology";
import { buildAsyncApi } from "./documents/asyncapi.ts";
import { readDefinitions } from "./documents/definitions.ts";
import { buildPublicOpenApi } from "./documents/openapi.ts";

const usage = `npm run generate: writes docs/asyncapi.json and docs/openapi.json from the code
  --check   writes nothing; fails when a committed document is not what the code says`;

const root = join(import.meta.dirname, "..");

function firstDifference(committed: string, generated: string): string {
  const [old, now] = [committed.split("\n"), generated.split("\n")];
  const line = now.findIndex((text, index) => text !== old[index]);
  const at = line === -1 ? now.length : line;
  return `line ${at + 1}: committed ${JSON.stringify(old[at] ?? "")}, code says ${JSON.stringify(now[at] ?? "")}`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const documents = {
    "docs/asyncapi.json": buildAsyncApi(await readDefinitions(), { streams, durables }),
    "docs/openapi.json": await buildPublicOpenApi(),
  };
  let stale = 0;
  for (const [path, document] of Object.entries(documents)) {
    const text = `${JSON.stringify(document, null, 2)}\n`;
    const file = join(root, path);
    if (values.check !== true) {
      writeFileSync(file, text);
      console.log(`wrote ${path}`);
      continue;
    }
    const committed = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (committed === text) continue;
    stale += 1;
    console.log(`${path} is not what the code says; ${firstDifference(committed, text)}`);
  }
  return stale === 0 ? 0 : 1;
}

process.exitCode = await main();
