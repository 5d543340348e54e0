import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnyEvent, AnyRpc, AnySignal } from "@topdog/contracts/event";

export interface Definitions {
  /** Facts, advice and questions, each sorted by subject. */
  readonly events: readonly AnyEvent[];
  readonly signals: readonly AnySignal[];
  readonly rpcs: readonly AnyRpc[];
}

const contracts = join(import.meta.dirname, "../../libs/contracts/src");

async function exportsOf(folder: string): Promise<unknown[]> {
  const files = readdirSync(join(contracts, folder)).filter((name) => /^(?!.*\.test\.ts$).*\.ts$/.test(name));
  const modules = await Promise.all(
    files.map((name): Promise<Record<string, unknown>> => import(pathToFileURL(join(contracts, folder, name)).href)),
  );
  return modules.flatMap((module) => Object.values(module).flatMap(oneOrMore));
}

/** One question that several services answer is a record of definitions, by service. */
const oneOrMore = (value: unknown): unknown[] =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !hasKeys(value, "subject")
    ? Object.values(value)
    : [value];

const hasKeys = (value: unknown, ...keys: string[]): boolean =>
  typeof value === "object" && value !== null && keys.every((key) => key in value);
const isEvent = (value: unknown): value is AnyEvent => hasKeys(value, "subject", "publishers", "schema", "example");
const isSignal = (value: unknown): value is AnySignal => hasKeys(value, "subject", "owner", "schema", "example");
const isRpc = (value: unknown): value is AnyRpc => hasKeys(value, "subject", "owner", "request", "reply");
const bySubject = (a: { subject: string }, b: { subject: string }): number => a.subject.localeCompare(b.subject);

/** Everything that contracts declares for the bus, found by a search of its files: nothing can be left out of the document. */
export async function readDefinitions(): Promise<Definitions> {
  const [events, signals, rpcs] = await Promise.all([exportsOf("events"), exportsOf("signals"), exportsOf("rpc")]);
  return {
    events: events.filter(isEvent).toSorted(bySubject),
    signals: signals.filter(isSignal).toSorted(bySubject),
    rpcs: rpcs.filter(isRpc).toSorted(bySubject),
  };
}
