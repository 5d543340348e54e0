import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { availableTo, type Draw, isActive, sharesOf } from "./fair-share.ts";
import {
  freeFor,
  type Holding,
  noteAsker,
  noteHolding,
  openHolders,
  othersHolding,
  reachableFor,
  shareOf,
} from "./holders.ts";
import { openTallies, tallyDraw } from "./tally.ts";

const nowMs = Date.parse("2026-11-22T12:00:00.000Z");
const key = { owner: "org:acme", meter: "api_calls", day: "2026-11-22" } as const;
const names = ["ann", "bob", "cem", "dan"];
const member = fc.constantFrom(...names);

const scene = fc.record({
  limit: fc.nat({ max: 600 }),
  settled: fc.nat({ max: 300 }),
  others: fc.uniqueArray(
    fc.record({
      member: fc.option(member),
      open: fc.integer({ min: 1, max: 50 }),
      leases: fc.integer({ min: 1, max: 3 }),
    }),
    { selector: (one) => one.member },
  ),
  draws: fc.uniqueArray(
    fc.record({
      member,
      drawn: fc.integer({ min: 100, max: 200 }),
      askedMs: fc.constantFrom(nowMs, nowMs - 7_200_000),
    }),
    { selector: (one) => one.member },
  ),
});
const steps = fc.array(
  fc.record({ of: fc.option(member), takes: fc.integer({ min: -20, max: 20 }), asks: fc.boolean() }),
  { maxLength: 30, size: "max" },
);

/** The same by looking at everything that there is, each time. */
interface Everything {
  readonly limit: number;
  readonly free: number;
  readonly others: readonly Pick<Holding, "member" | "open" | "leases">[];
  readonly named: ReadonlyMap<string, { readonly of: string | null; readonly open: number }>;
  readonly draws: readonly Draw[];
  readonly moved: ReadonlyMap<string, number>;
  readonly asked: ReadonlySet<string>;
}

function asSeen(all: Everything, id: string, of: string | null) {
  const rivals = [
    ...all.others,
    ...[...all.named].flatMap(([one, { of: holder, open }]) =>
      one === id ? [] : { member: holder, open, leases: Number(open > 0) },
    ),
  ];
  const reachable = all.free + rivals.reduce((sum, { open }) => sum + open, 0);
  const holding = rivals.reduce((sum, { leases }) => sum + leases, 0);
  if (of === null) return { free: all.free, reachable, holding };
  const drawnOf = (name: string): number =>
    (all.draws.find((draw) => draw.member === name)?.drawn ?? 0) + (all.moved.get(name) ?? 0);
  const isIn = (name: string): boolean =>
    name === of || all.asked.has(name) || all.draws.some((draw) => draw.member === name && isActive(draw, nowMs));
  const active = names.filter(isIn);
  const shares = sharesOf(all.limit, new Map(active.map((name) => [name, drawnOf(name)])));
  const heldBy = (name: string): number => rivals.reduce((sum, one) => sum + (one.member === name ? one.open : 0), 0);
  const back = { ...shares, drawn: new Map(active.map((name) => [name, drawnOf(name) - heldBy(name)])) };
  const free = availableTo(shares, of, all.free);
  const share = { size: shares.size, drawn: drawnOf(of), kept: all.free - free };
  return { free, reachable: availableTo(back, of, reachable), holding, share };
}

test("what a message has changed so far is seen by each of its reports as if everything was added up anew", () => {
  fc.assert(
    fc.property(scene, steps, ({ limit, settled, others, draws }, moves) => {
      const bucket = { ...key, plan: "teams", ceilingVersion: null, limit, settled, refunded: 0, escrow: 0 } as const;
      const [tally] = openTallies([{ ...bucket, toldExhausted: false, exhaustedPublished: false }]).values();
      if (tally === undefined) throw new Error("a bucket has a tally");
      const holders = openHolders(
        tally,
        { leases: [], others: others.map((one) => ({ ...key, ...one })), draws },
        nowMs,
      );
      const named = new Map<string, { of: string | null; open: number }>();
      const moved = new Map<string, number>();
      const asked = new Set<string>();
      for (const { of, takes, asks } of moves) {
        const id = `lease of ${of}`;
        if (asks && of !== null) asked.add(of);
        if (asks) noteAsker(holders, of);
        const open = Math.max(0, (named.get(id)?.open ?? 0) + takes);
        if (of !== null) moved.set(of, (moved.get(of) ?? 0) + takes);
        named.set(id, { of, open });
        tally.settled += takes;
        tallyDraw(tally, of, takes);
        noteHolding(holders, id, of, open);
        const free = Math.max(0, limit - settled - tally.settled);
        for (const one of [...names, null]) {
          const as = `lease of ${one}`;
          expect({
            free: freeFor(holders, one),
            reachable: reachableFor(holders, as, one),
            holding: othersHolding(holders, as),
            ...(one === null ? {} : { share: shareOf(holders, one) }),
          }).toEqual(asSeen({ limit, free, others, named, draws, moved, asked }, as, one));
        }
      }
    }),
  );
});
