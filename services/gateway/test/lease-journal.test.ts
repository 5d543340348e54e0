import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { LeaseGrant, LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { newLease, takeToken, type HeldLease } from "../src/domain/lease.ts";
import { type LeaseJournal, openLeaseJournal, readLastWords } from "../src/store/lease-journal.ts";
import { tellLastWords } from "../src/usecases/tell-last-words.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "topdog-leases-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const boot = "boot-1";
const open = (gatewayId = "gw_before_1"): LeaseJournal =>
  openLeaseJournal({
    dir,
    gatewayId,
    bootId: boot,
    onFailure: (error) => {
      throw error;
    },
  });

function lease(owner: string, leaseId: string, limit = 75): HeldLease {
  return { ...newLease(owner, "api_calls"), leaseId, day: "2026-11-26", size: 20, window: 20, limit };
}

const wordsOf = (bootId = boot) => readLastWords(dir, bootId).map(({ gatewayId, reports }) => ({ gatewayId, reports }));

test("what a process took is read by the next one: every token of it, and of a lease that took another's place", () => {
  const journal = open();
  const [ann, bob] = [lease("user:ann", "17"), lease("user:bob", "18")];
  for (const one of [ann, bob, ann, ann]) {
    takeToken(one);
    journal.note(one);
  }
  bob.returned = 5;
  journal.note(bob);
  const shared = { meter: "api_calls", want: 0, close: true };
  expect(wordsOf()).toEqual([
    {
      gatewayId: "gw_before_1",
      reports: [
        { ...shared, owner: "user:ann", leaseId: "17", used: 3, returned: 0 },
        { ...shared, owner: "user:bob", leaseId: "18", used: 1, returned: 5 },
      ],
    },
  ]);
  journal.forget(ann);
  const eve = lease("user:eve", "19");
  takeToken(eve);
  journal.note(eve);
  expect(wordsOf()[0]?.reports.map(({ owner, used }) => [owner, used])).toEqual([
    ["user:eve", 1],
    ["user:bob", 1],
  ]);
});

test("large limits are left out, but a lease that is in stays in when its limit rises", () => {
  const journal = open();
  const [pool, ann] = [lease("org:acme", "17", 80_000), lease("user:ann", "18")];
  for (const one of [pool, ann]) journal.note(one);
  ann.limit = 80_000;
  takeToken(ann);
  journal.note(ann);
  expect(wordsOf()[0]?.reports.map(({ owner, used }) => [owner, used])).toEqual([["user:ann", 1]]);
});

test("a lease that was asked for is in it until its limit is known to be large, and a ceiling's or a member's lease is in it as such", () => {
  const journal = open();
  const [ann, pool] = [newLease("user:ann", "api_calls"), newLease("org:acme", "api_calls")];
  const [ofMember, asked] = [newLease("org:small", "api_calls", "bob"), { leaseId: null, used: 0, returned: 0 }];
  const capped: HeldLease = {
    ...lease("key:key_1", "21", 10),
    meter: "capped_calls",
    ceiling: { limit: 10, version: 3 },
  };
  for (const one of [ann, pool, capped, ofMember]) journal.note(one);
  pool.leaseId = "17";
  pool.limit = 80_000;
  journal.note(pool);
  expect(wordsOf()[0]?.reports).toEqual([
    { owner: "user:ann", meter: "api_calls", leaseId: null, used: 0, returned: 0, want: 0, close: false },
    {
      owner: "key:key_1",
      meter: "capped_calls",
      leaseId: "21",
      ceiling: { limit: 10, version: 3 },
      used: 0,
      returned: 0,
      want: 0,
      close: true,
    },
    { owner: "org:small", meter: "api_calls", member: "bob", ...asked, want: 0, close: false },
  ]);
});

test("a lease whose grant was on its way when its gateway died ends unused", async () => {
  const journal = open();
  journal.note(newLease("user:ann", "api_calls"));
  const asked: unknown[] = [];
  await tellLastWords({
    words: readLastWords(dir, boot),
    sync: async ({ leases }) => {
      asked.push(leases);
      const [{ owner, meter, leaseId }] = leases as [LeaseReport];
      const numbers = { size: 4, returned: 0, reported: 0, window: 2, limit: 75, remaining: 75 };
      const state = leaseId === null ? ("open" as const) : ("closed" as const);
      const grant: LeaseGrant = {
        owner,
        meter,
        day: "2026-11-26",
        status: "ok",
        plan: "free",
        ...numbers,
        leaseId: "31",
        state,
      };
      return { nowMs: 0, day: "2026-11-26", leases: [grant] };
    },
    signal: new AbortController().signal,
    onTold: () => undefined,
  });
  const shared = { owner: "user:ann", meter: "api_calls", used: 0, want: 0 };
  expect(asked).toEqual([
    [{ ...shared, leaseId: null, returned: 0, close: false }],
    [{ ...shared, leaseId: "31", returned: 4, close: true }],
  ]);
});

test("a lease that was asked for is in it with its day, the newest that was asked for, until there is one", () => {
  const journal = open();
  const [ann, bob] = [newLease("user:ann", "api_calls"), newLease("user:bob", "api_calls")];
  const daysOf = () => wordsOf()[0]?.reports.map(({ leaseId, forDay }) => [leaseId, forDay]);
  journal.note(ann, "2026-11-26");
  journal.note(bob, "");
  journal.note(ann, "2026-11-27");
  expect(daysOf()).toEqual([
    [null, "2026-11-27"],
    [null, undefined],
  ]);
  for (const one of [ann, bob]) {
    Object.assign(one, { leaseId: "17", limit: 75 });
    journal.note(one, "2026-11-27");
  }
  expect(daysOf()).toEqual([
    ["17", undefined],
    ["17", undefined],
  ]);
});

test("after a start of the machine nothing of it is believed; after a stop that gave all back nothing is left", () => {
  const journal = open();
  journal.note(lease("user:ann", "17"));
  expect(wordsOf("boot-2")).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
  const next = open("gw_before_2");
  next.note(lease("user:ann", "18"));
  next.remove();
  next.note(lease("user:ann", "19"));
  expect(readdirSync(dir)).toEqual([]);
});

test("last words are told until quota has answered, in the name of the one that died, and then forgotten", async () => {
  const journal = open();
  const ann = lease("user:ann", "17");
  takeToken(ann);
  journal.note(ann);
  const asked: unknown[] = [];
  const told: number[] = [];
  await tellLastWords({
    words: readLastWords(dir, boot),
    sync: async ({ gatewayId, leases }) => {
      asked.push([gatewayId, leases.map(({ leaseId, used, close }) => ({ leaseId, used, close }))]);
      if (asked.length === 1) throw new Error("quota is away");
      return { nowMs: 0, day: "2026-11-26", leases: [] };
    },
    signal: new AbortController().signal,
    onTold: (leases) => told.push(leases),
  });
  const said = ["gw_before_1", [{ leaseId: "17", used: 1, close: true }]];
  expect([asked, told]).toEqual([[said, said], [1]]);
  expect(readdirSync(dir)).toEqual([]);
});
