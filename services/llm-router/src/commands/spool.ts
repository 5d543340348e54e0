import { randomUUID } from "node:crypto";
import { usageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { type Bus, connectBus } from "@topdog/messaging/connect";
import { maxBatchBytes, type ReadyEvent, splitIntoBatches } from "@topdog/messaging/event-batch";
import { publishBatchAs } from "@topdog/messaging/publish";
import { runProgram } from "@topdog/service/run-program";
import { Command, InvalidArgumentError, Option } from "commander";
import { readBusConfig, readSpoolDir } from "../config.ts";
import { listQuarantine, type QuarantinedRecord, release } from "../store/spool/quarantine.ts";
import { finalKind } from "../store/spool/record.ts";
import { readGiven } from "../store/spool/shipped-segments.ts";

const firstConnectMs = 10_000;
const maxBatchRecords = 512;
const quiet = (): void => undefined;
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet };

interface Place {
  readonly dir: string;
  /** Who the seed in the environment belongs to. */
  readonly as: "operator" | "llm-router";
}

async function onBus(identity: Place["as"], work: (bus: Bus) => Promise<void>): Promise<void> {
  const { NATS_URL, NATS_NKEY_SEED } = readBusConfig();
  const seed = NATS_NKEY_SEED.reveal();
  const bus = await connectBus({ url: NATS_URL, seed, name: identity, logger: silent, firstConnectMs });
  try {
    await work(bus);
  } finally {
    await bus.close();
  }
}

async function publish(bus: Bus, events: readonly ReadyEvent[]): Promise<void> {
  const bounds = { maxEvents: maxBatchRecords, maxBytes: maxBatchBytes(bus.nc.info?.max_payload) };
  for (const batch of splitIntoBatches(events, bounds))
    await publishBatchAs(bus, "llm-router", usageConsumed, { ...batch, id: `resend-${randomUUID()}` });
}

/** The record as an event. Throws what is still wrong with it. */
function readyOf({ name, record }: QuarantinedRecord, mended: Readonly<Record<string, unknown>>): ReadyEvent {
  const whole = typeof record === "object" && record !== null ? { ...record, ...mended } : record;
  const parsed = usageConsumed.schema.safeParse(whole);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`${name} does not fit yet: ${reasons.join("; ")}`);
  }
  const { finishedAt: time, traceparent } = parsed.data;
  return { id: usageIdOf(parsed.data), time, traceparent, json: JSON.stringify(parsed.data) };
}

/** `member=JSON`, such as `endpoint="chat.completions"`. */
function parseMember(text: string, before: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("say which member is what: --set 'member=JSON'");
  return { ...before, [text.slice(0, at)]: JSON.parse(text.slice(at + 1)) as unknown };
}

function list({ dir }: Place): void {
  const records = listQuarantine(dir);
  if (records.length === 0) console.log("nothing is in the quarantine");
  for (const { name, at, reason, record } of records)
    console.log(`${name}  ${at}  ${reason}\n  ${JSON.stringify(record)}`);
}

async function resend(place: Place, name: string, mended: Readonly<Record<string, unknown>>): Promise<void> {
  const found = listQuarantine(place.dir).find((one) => one.name === name);
  if (found === undefined) throw new Error(`the quarantine has no record ${name}`);
  const event = readyOf(found, mended);
  await onBus(place.as, (bus) => publish(bus, [event]));
  release(place.dir, name);
  console.log(`sent: ${event.id}`);
}

async function reship(place: Place, since: string | undefined): Promise<void> {
  const sinceMs = since === undefined ? 0 : Date.parse(since);
  if (Number.isNaN(sinceMs)) throw new Error(`${since} is no time: say it as 2026-11-26T20:00:00Z`);
  let sent = 0;
  let unfit = 0;
  await onBus(place.as, async (bus) => {
    for await (const frames of readGiven(place.dir, sinceMs)) {
      const finals = frames
        .filter(({ kind }) => kind === finalKind)
        .map(({ payload }) => JSON.parse(payload) as unknown);
      // What does not fit was not shipped either: it went to the quarantine.
      const fit = finals.filter((record) => usageConsumed.schema.safeParse(record).success);
      await publish(
        bus,
        fit.map((record) => readyOf({ name: "", at: "", reason: "", record }, {})),
      );
      sent += fit.length;
      unfit += finals.length - fit.length;
    }
  });
  console.log(`sent again: ${sent} records, passed over: ${unfit}; those that the ledger has change nothing`);
}

const program = new Command("spool")
  .description("A router's usage spool: records in its quarantine, and those that the bus had and lost")
  .option("--dir <folder>", "the spool's folder", readSpoolDir())
  .addOption(
    new Option("--as <identity>", "whose seed NATS_NKEY_SEED is")
      .choices(["llm-router", "operator"])
      .default("llm-router"),
  );
const place = (): Place => {
  const { dir, as } = program.opts<{ dir?: string; as: Place["as"] }>();
  if (dir === undefined) return program.error("error: say which spool: --dir <folder>");
  return { dir, as };
};
program
  .command("list")
  .description("List what is in the quarantine, with the reason")
  .action(() => list(place()));
program
  .command("resend")
  .description("Publish one record of the quarantine, mended, and remove it there")
  .argument("<name>", "as list shows it")
  .option("--set <member=JSON>", "replaces a member of the record", parseMember, {})
  .action((name: string, { set }: { set: Readonly<Record<string, unknown>> }) => resend(place(), name, set));
program
  .command("reship")
  .description(
    "Publish again what was shipped and is still kept: after a loss of the bus's store or a restore of quota's database",
  )
  .option("--since <time>", "shipped then or later, ISO 8601; everything when absent")
  .action(({ since }: { since?: string }) => reship(place(), since));
await runProgram(program);
