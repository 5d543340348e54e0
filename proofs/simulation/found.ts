import type { History } from "./history.ts";

const noon = 43_200_000;
const base = {
  gateways: 2,
  replicas: 2,
  beforeMidnightMs: noon,
  isSubscribed: false,
  drawnBefore: null,
  isUsageHeld: false,
} as const;

/** The shortest histories of faults that a search found, by what went wrong before they were mended. */
export const found: Readonly<Record<string, History>> = {
  "an idle gateway whose last message was lost refused its next caller, long after quota was back": {
    ...base,
    seed: 62,
    gateways: 1,
    replicas: 1,
    steps: [
      { kind: "cut off", place: { of: "quota", index: 0 }, ms: 14_000 },
      { kind: "the bus is away", ms: 8_000 },
    ],
  },
  "the database's clock was a day ahead for a while, and a gateway that died then held its permits for a day": {
    ...base,
    seed: 207,
    gateways: 1,
    replicas: 1,
    steps: [
      { kind: "the database's clock is moved", aheadMs: 86_400_000 },
      { kind: "calls", gateway: 0, caller: "ann", clients: 1, count: 1, isChat: false, lastsMs: 0 },
      { kind: "is replaced", place: { of: "gateway", index: 0 } },
    ],
  },
  "tokens of a new day, which a gateway had before its first call of it, were not given back when another lacked them":
    {
      ...base,
      seed: 622,
      gateways: 3,
      replicas: 1,
      beforeMidnightMs: 17_108,
      isSubscribed: true,
      steps: [
        { kind: "calls", gateway: 2, caller: "dan", clients: 1, count: 1, isChat: false, lastsMs: 0 },
        { kind: "time passes", ms: 40_000 },
        { kind: "calls", gateway: 1, caller: "dan", clients: 3, count: 28, isChat: false, lastsMs: 0 },
        { kind: "time passes", ms: 375 },
      ],
    },
  "a question for a permit that was carried out a second time, after its answer, took a permit that its gateway did not know of":
    {
      ...base,
      seed: 754_166_185,
      gateways: 4,
      replicas: 3,
      beforeMidnightMs: 40_000_000,
      steps: [
        { kind: "calls", gateway: 2, caller: "dan", clients: 3, count: 1, isChat: false, lastsMs: 0 },
        { kind: "calls", gateway: 2, caller: "eve", clients: 1, count: 1, isChat: false, lastsMs: 0 },
        { kind: "weather", weather: { lost: 0, repeated: 28, slow: 0, signalsLost: 0 } },
        { kind: "calls", gateway: 0, caller: "eve", clients: 1, count: 3, isChat: false, lastsMs: 20 },
        { kind: "calls", gateway: 2, caller: "eve", clients: 2, count: 1, isChat: false, lastsMs: 0 },
        { kind: "calls", gateway: 3, caller: "kim", clients: 1, count: 18, isChat: false, lastsMs: 0 },
        { kind: "time passes", ms: 188 },
      ],
    },
  "a database that was restored refused an owner's concurrent requests for a permit that it knew and that nobody held any more":
    {
      ...base,
      seed: 342,
      gateways: 3,
      replicas: 1,
      beforeMidnightMs: 40_000_000,
      steps: [
        { kind: "calls", gateway: 2, caller: "bot", clients: 1, count: 1, isChat: false, lastsMs: 0 },
        { kind: "time passes", ms: 6 },
        { kind: "calls", gateway: 0, caller: "bot", clients: 1, count: 1, isChat: false, lastsMs: 0 },
        { kind: "a backup is made" },
        { kind: "time passes", ms: 24 },
        { kind: "calls", gateway: 2, caller: "bob", clients: 1, count: 1, isChat: false, lastsMs: 0 },
        { kind: "the database is restored", ms: 1_200 },
      ],
    },
  "a gateway that heard of a restore just after midnight held one lease of the new day in two places": {
    ...base,
    seed: 456,
    gateways: 3,
    replicas: 1,
    beforeMidnightMs: 10_241,
    isSubscribed: true,
    drawnBefore: 337,
    steps: [
      { kind: "calls", gateway: 2, caller: "kim", clients: 1, count: 1, isChat: false, lastsMs: 0 },
      { kind: "time passes", ms: 3_000 },
      { kind: "the database is restored", ms: 1_200 },
      { kind: "stands still", place: { of: "gateway", index: 2 }, ms: 3_750 },
    ],
  },
  "processes of quota that made their first leases together, and again after a restore, gave ids twice": {
    ...base,
    seed: 1,
    replicas: 3,
    steps: [
      { kind: "calls", gateway: 0, caller: "ann", clients: 1, count: 1, isChat: true, lastsMs: 0 },
      { kind: "calls", gateway: 1, caller: "dan", clients: 1, count: 1, isChat: true, lastsMs: 0 },
      { kind: "calls", gateway: 0, caller: "bob", clients: 1, count: 1, isChat: true, lastsMs: 0 },
      { kind: "time passes", ms: 40 },
      { kind: "the database is restored", ms: 1_200 },
      { kind: "time passes", ms: 1_250 },
      { kind: "calls", gateway: 1, caller: "ann", clients: 1, count: 1, isChat: true, lastsMs: 0 },
      { kind: "calls", gateway: 0, caller: "dan", clients: 1, count: 1, isChat: true, lastsMs: 0 },
    ],
  },
  "processes of quota began epochs while the database's clock was a day ahead, and after a restore the same ones": {
    ...base,
    seed: 20_001_321,
    gateways: 3,
    beforeMidnightMs: 40_000_000,
    isUsageHeld: true,
    steps: [
      { kind: "calls", gateway: 1, caller: "ann", clients: 1, count: 1, isChat: false, lastsMs: 0 },
      { kind: "the database's clock is moved", aheadMs: 86_400_000 },
      { kind: "calls", gateway: 0, caller: "ann", clients: 1, count: 1, isChat: false, lastsMs: 0 },
      { kind: "calls", gateway: 0, caller: "kim", clients: 2, count: 1, isChat: false, lastsMs: 0 },
      { kind: "is replaced", place: { of: "gateway", index: 0 } },
      { kind: "the database is restored", ms: 4_000 },
    ],
  },
  "a restore brought a bucket back full, and the first message of its gateway told of a lost lease before it gave tokens back":
    {
      ...base,
      seed: 30_001_635,
      gateways: 1,
      replicas: 1,
      beforeMidnightMs: 40_000_000,
      isSubscribed: true,
      drawnBefore: 349,
      isUsageHeld: true,
      steps: [
        { kind: "calls", gateway: 0, caller: "eve", clients: 1, count: 1, isChat: false, lastsMs: 0 },
        { kind: "a backup is made" },
        { kind: "time passes", ms: 69 },
        { kind: "the database is restored", ms: 4_000 },
      ],
    },
  "a call that a restored database did not know left its permit to the next one, beside the call to which the database had given it":
    {
      ...base,
      seed: 32_005_971,
      gateways: 3,
      replicas: 1,
      beforeMidnightMs: 8_685,
      isSubscribed: true,
      steps: [
        { kind: "time passes", ms: 1 },
        { kind: "a backup is made" },
        { kind: "calls", gateway: 0, caller: "kim", clients: 1, count: 2, isChat: false, lastsMs: 0 },
        { kind: "time passes", ms: 4 },
        { kind: "the database is restored", ms: 1_200 },
        { kind: "calls", gateway: 2, caller: "kim", clients: 1, count: 1, isChat: false, lastsMs: 400 },
        { kind: "time passes", ms: 6_000 },
      ],
    },
};
