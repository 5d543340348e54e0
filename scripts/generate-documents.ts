import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { durables, streams } from "@topdog/contracts/topology";
import { buildChartDocuments } from "./charts/charts.ts";
import { buildAsyncApi } from "./documents/asyncapi.ts";
import { readDefinitions } from "./documents/definitions.ts";
import { buildClientTypes } from "./documents/client-types.ts";
import { buildErrors } from "./documents/errors.ts";
import { monitoringDocuments } from "../monitoring/documents.ts";
import { buildPublicOpenApi } from "./documents/openapi.ts";
import { buildTiers } from "./documents/tiers.ts";

const usage = `npm run generate: writes the documents, charts, rules, gates and dashboards that follow from the code
  --check   writes nothing; fails when a committed document is not what the code says`;

const root = join(import.meta.dirname, "..");
const jsonOf = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

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
  const openApi = await buildPublicOpenApi();
  const documents = {
    "docs/asyncapi.json": jsonOf(buildAsyncApi(await readDefinitions(), { streams, durables })),
    "docs/openapi.json": jsonOf(openApi),
    "services/web/src/api/schema.d.ts": buildClientTypes(openApi),
    "services/web/src/api/tiers.json": jsonOf(buildTiers()),
    "services/web/src/api/errors.json": jsonOf(buildErrors()),
    ...monitoringDocuments(),
    ...(await buildChartDocuments()),
  };
  let stale = 0;
  for (const [path, text] of Object.entries(documents)) {
    const file = join(root, path);
    if (values.check !== true) {
      mkdirSync(dirname(file), { recursive: true });
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
