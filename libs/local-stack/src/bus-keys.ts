import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createUser, fromSeed } from "@nats-io/nkeys";
import { type BusUserName, busUserNames } from "@topdog/contracts/bus-access";

/** By user of the bus: the seed of its nkey, which is its secret. */
export type BusSeeds = Readonly<Record<BusUserName, string>>;

export function newBusSeed(): string {
  return new TextDecoder().decode(createUser().getSeed());
}

/** What the server may know of a seed. */
export const busPublicKey = (seed: string): string => fromSeed(new TextEncoder().encode(seed)).getPublicKey();

export const busPublicKeys = (seeds: BusSeeds): Record<BusUserName, string> =>
  Object.fromEntries(busUserNames.map((name) => [name, busPublicKey(seeds[name])])) as Record<BusUserName, string>;

/** The seeds in `file`, for this machine's user alone; those that are missing are made and kept. */
export function keptBusSeeds(file: string): BusSeeds {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<BusSeeds>) : {};
  const seeds = Object.fromEntries(busUserNames.map((name) => [name, kept[name] ?? newBusSeed()])) as BusSeeds;
  writeFileSync(`${file}.new`, JSON.stringify(seeds), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return seeds;
}
