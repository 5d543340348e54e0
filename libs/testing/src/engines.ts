import { request } from "undici";
import { z } from "zod";

/** What scripts/jest-global-setup.mjs starts or finds for the whole run, on the first request for it. */
const answerSchema = z.union([z.object({ value: z.string() }), z.object({ error: z.string() })]);

const startTimeoutMs = 600_000;

export type EngineName = "postgres" | "nats" | "bus-keys";

/** `postgres`: the superuser's URL. `nats`: the path of a server's binary. `bus-keys`: by user of a test's bus, its seed and public key, as JSON. Throws when the machine has none. */
export async function localEngine(name: EngineName): Promise<string> {
  const base = process.env["TOPDOG_TEST_ENGINES"];
  if (base === undefined) throw new Error("run through Jest: its global setup starts the engines");
  const { body } = await request(`${base}/${name}`, {
    reset: true,
    headersTimeout: startTimeoutMs,
    bodyTimeout: startTimeoutMs,
  });
  const answer = answerSchema.parse(await body.json());
  if ("error" in answer) throw new Error(`no local ${name}: ${answer.error}`);
  return answer.value;
}
