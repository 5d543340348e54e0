import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import type { AnchoredHead } from "@topdog/contracts/events/audit-anchored";
import type { Database } from "@topdog/postgres/pool";
import { connectBus } from "@topdog/messaging/connect";
import { readAnchors } from "../clients/anchor-stream.ts";
import { readBusConfig } from "../config.ts";
import type { AuditChain } from "../store/audit-log.ts";
import { auditChains, verifyAuditChain } from "../store/audit-verification.ts";
import { read } from "../usecases/change.ts";
import { runCommand } from "./run-command.ts";

const firstConnectMs = 10_000;
const quiet = (): void => undefined;
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet };

/** As the operator, who alone may read the stream. */
async function anchorsOnBus(): Promise<AnchoredHead[]> {
  const { NATS_URL, NATS_NKEY_SEED } = readBusConfig();
  const seed = NATS_NKEY_SEED.reveal();
  const bus = await connectBus({ url: NATS_URL, seed, name: "operator", logger: silent, firstConnectMs });
  try {
    return await readAnchors(bus);
  } finally {
    await bus.close();
  }
}

async function verify(db: Database, only: string | undefined, anchors: readonly AnchoredHead[]): Promise<boolean> {
  const chains = new Set<string>(only === undefined ? anchors.map(({ chain }) => chain) : [only]);
  if (only === undefined) for await (const chain of auditChains(db)) chains.add(chain);
  let rows = 0;
  for (const chain of [...chains].toSorted()) {
    const { length, brokenAtSeq, why } = await verifyAuditChain(db, chain as AuditChain, anchors);
    if (brokenAtSeq !== null) {
      console.log(`broken: ${chain} row ${brokenAtSeq}: ${why}`);
      return false;
    }
    rows += length;
  }
  console.log(`intact: ${rows} rows in ${chains.size} chains, compared with ${anchors.length} anchors`);
  return true;
}

await runProgram(
  new Command("verify-audit")
    .description(
      "Recompute the audit log and compare it with what was anchored on the bus. Names the first row that does not fit, and ends with 1.",
    )
    .option("--chain <user:id or org:id>", "only this one")
    .option(
      "--without-anchors",
      "the database alone: a chain that was rewritten as a whole, with the key, does not show",
    )
    .action(async ({ chain, withoutAnchors }: { chain?: string; withoutAnchors?: true }) => {
      await runCommand(async ({ db }) => {
        const anchors = withoutAnchors === true ? [] : await anchorsOnBus();
        if (!(await read(db, "everyone", (trx) => verify(trx, chain, anchors)))) process.exitCode = 1;
      });
    }),
);
