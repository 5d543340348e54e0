import { Command, Option } from "commander";
import { durables } from "@topdog/contracts/topology";
import { type Bus, connectBus } from "@topdog/messaging/connect";
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from "@topdog/messaging/dead-letters";
import type { MessagingLogger } from "@topdog/messaging/logger";
import { findBus } from "./connection.ts";

/** The services wait for the bus for ever; an operator does not. */
const firstConnectMs = 10_000;
const maxShown = 100;
const names = durables.map((durable) => durable.name);

const quiet = (): void => undefined;
const silent: MessagingLogger = { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet };

interface Selection {
  seq?: string;
  all?: true;
}

/** dead-letters list | replay | drop: what to do about events that a consumer gave up on. */
export function addDeadLetterCommands(program: Command): void {
  const group = new Command("dead-letters").description("Look at, replay or drop events that a consumer gave up on");
  const onBus = async (work: (bus: Bus) => Promise<void>): Promise<void> => {
    const { stackFile } = program.opts<{ stackFile: string }>();
    const bus = await connectBus({
      ...findBus(stackFile),
      name: "operator",
      logger: silent,
      firstConnectMs,
    });
    try {
      await work(bus);
    } finally {
      await bus.close();
    }
  };

  group
    .command("list")
    .description(`List the oldest ${maxShown}`)
    .addOption(new Option("--durable <name>", "only this consumer's").choices(names))
    .option("--json", "one JSON object a line, with the payload")
    .action(async ({ durable, json }: { durable?: string; json?: true }) => {
      await onBus(async (bus) => {
        const letters = await listDeadLetters(bus, durable, maxShown);
        if (letters.length === 0 && json === undefined) console.log("no dead letters");
        for (const letter of letters) {
          const { seq, at, durable: by, subject, deliveries, reason } = letter;
          if (json === undefined)
            console.log(`${by} ${seq}  ${at}  ${subject}  after ${deliveries} deliveries: ${reason}`);
          else console.log(JSON.stringify(letter));
        }
      });
    });

  const act = (verb: string, description: string, perform: typeof dropDeadLetters): void => {
    group
      .command(verb)
      .description(description)
      .argument("<durable>", `one of ${names.join(", ")}`)
      .addOption(new Option("--seq <n>", "this one alone").conflicts("all"))
      .option("--all", "every one of this consumer's")
      .action(async (durable: string, selection: Selection) => {
        const seq = seqOf(durable, selection);
        await onBus(async (bus) => {
          const count = await perform(bus, durable, seq);
          console.log(`${verb}: ${count} dead letter${count === 1 ? "" : "s"} of ${durable}`);
        });
      });
  };
  act(
    "replay",
    "Publish them again under their own event ids; consumers that handled them ignore them",
    replayDeadLetters,
  );
  act("drop", "Remove them for good", dropDeadLetters);
  program.addCommand(group);
}

function seqOf(durable: string, { seq, all }: Selection): number | undefined {
  if (!names.includes(durable)) throw new Error(`there is no consumer "${durable}"; there are ${names.join(", ")}`);
  if (all === true) return undefined;
  const number = Number(seq);
  if (!Number.isInteger(number) || number < 1) throw new Error("say which: --seq <n>, or --all");
  return number;
}
