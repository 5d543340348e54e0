import { databaseOf, serviceNames, storingServices } from "@topdog/contracts/services";
import { readFacts } from "./service-facts.ts";
import { buildValuesSchema } from "./values-schema.ts";

/** By path: what the charts know of the code. */
export async function buildChartDocuments(): Promise<Record<string, string>> {
  const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;
  const documents: Record<string, string> = {
    "charts/topdog/generated/databases.json": json(storingServices.map(databaseOf)),
  };
  for (const name of serviceNames) {
    const facts = await readFacts(name);
    documents[`charts/${name}/facts.json`] = json(facts);
    documents[`charts/${name}/values.schema.json`] = json(await buildValuesSchema(facts));
  }
  return documents;
}
