/** One small, wrong change of the core, and the tests that must notice it. */
export interface Mutation {
  /** What the code would then do. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Paths of test files, as `npm test -- --only` takes them. */
  readonly tests: readonly string[];
}

const messages = "proofs/test/lease-messages";
const fleet = "proofs/test/fleet-histories";
const heldLease = "services/gateway/src/domain/lease.ts";
const quotaLease = "services/quota/src/domain/lease.ts";
const breaker = "services/llm-router/src/clients/breaker.ts";
const breakerTests = ["services/llm-router/src/clients/breaker"];

const leaseOnTheGateway: readonly Mutation[] = [
  {
    name: "an ended lease is admitted from again",
    file: heldLease,
    from: " || !isNewer(grant.leaseId, lease.retiredId)",
    to: "",
    tests: [messages],
  },
  {
    name: "yesterday's tokens are admitted today",
    file: heldLease,
    from: "lease.leaseId !== null && lease.day === today && freeTokens",
    to: "lease.leaseId !== null && freeTokens",
    tests: ["services/gateway/src/domain/lease"],
  },
  {
    name: "one token more than the credit window is admitted",
    file: heldLease,
    from: 'lease.used - lease.reported < lease.window ? "ready"',
    to: 'lease.used - lease.reported <= lease.window ? "ready"',
    tests: [messages],
  },
  {
    name: "a late answer shrinks a lease",
    file: heldLease,
    from: "lease.size = Math.max(lease.size, grant.size);",
    to: "lease.size = grant.size;",
    tests: [messages],
  },
  {
    name: "a late answer takes back what was returned",
    file: heldLease,
    from: "Math.max(lease.returned, grant.returned)",
    to: "grant.returned",
    tests: ["services/gateway/src/domain/lease"],
  },
  {
    name: "a late answer narrows the credit window",
    file: heldLease,
    from: "lease.reported = Math.max(lease.reported, Math.min(grant.reported, lease.used));",
    to: "lease.reported = grant.reported;",
    tests: [messages],
  },
  {
    name: "tokens taken after the last report are forgotten with their lease",
    file: heldLease,
    from: "if (lease.used > sent.used) beginClose(lease);",
    to: "if (lease.used < sent.used) beginClose(lease);",
    tests: ["services/gateway/src/domain/lease"],
  },
  {
    name: "an old answer's advice overrules a newer one's",
    file: heldLease,
    from: "if (order <= lease.mergedOrder) return;",
    to: "",
    tests: ["services/gateway/src/domain/lease"],
  },
  {
    name: "a closing lease takes what an answer brings",
    file: heldLease,
    from: "lease.closing ? lease.size - lease.used : Math.max",
    to: "Math.max",
    tests: ["services/gateway/src/domain/lease"],
  },
  {
    name: "an answer that was on its way over midnight brings yesterday back",
    file: "services/gateway/src/domain/quota-clock.ts",
    from: "dayEndsMs === clock.dayEndsMs || isJustBeforeMidnight",
    to: "dayEndsMs === clock.dayEndsMs",
    tests: ["services/gateway/src/domain/quota-clock"],
  },
  {
    name: "a lease id of a lost history is given out again",
    file: "services/quota/src/usecases/sync-leases.ts",
    from: "if (held.length + ended.length > 0) await",
    to: "if (held.length + ended.length < 0) await",
    tests: ["services/quota/test/sync-leases"],
  },
  {
    name: "a late answer brings yesterday back",
    file: "services/gateway/src/domain/quota-clock.ts",
    from: "if (askedMs < clock.askedMs) return;",
    to: "",
    tests: ["services/gateway/src/domain/quota-clock"],
  },
];

const syncOnTheGateway: readonly Mutation[] = [
  {
    name: "waiting calls are served in reverse order",
    file: "services/gateway/src/store/admission-queue.ts",
    from: "for (const call of calls) {",
    to: "for (const call of [...calls].reverse()) {",
    tests: ["services/gateway/src/store/admission-queue"],
  },
  {
    name: "what was taken while a report was under way is not reported",
    file: "services/gateway/src/store/due-reports.ts",
    from: "if (slot.isDue) due.add(slot);",
    to: "",
    tests: ["services/gateway/src/store/quota-leases"],
  },
  {
    name: "reports that nobody answered are not sent again",
    file: "services/gateway/src/store/due-reports.ts",
    from: "      slot.inFlight = slot.isDue = false;\n      due.add(slot);",
    to: "      slot.inFlight = slot.isDue = false;",
    tests: [fleet],
  },
  {
    name: "a recalled lease keeps its tokens",
    file: "services/gateway/src/store/quota-leases.ts",
    from: "      giveBack(lease);\n",
    to: "",
    tests: ["services/gateway/src/store/quota-leases"],
  },
  {
    name: "a call that needs two buckets takes one token and waits for the other",
    file: "services/gateway/src/usecases/admit-call.ts",
    from: "return lacking === undefined ? takeAll(",
    to: "return lacking !== slots[0] ? takeAll(",
    tests: [fleet],
  },
];

const quotaDecisions: readonly Mutation[] = [
  {
    name: "a vanished gateway's last possible call is sold again",
    file: quotaLease,
    from: "lease.reported + lease.window)",
    to: "lease.reported + lease.window - 1)",
    tests: [messages, "services/quota/src/domain/lease"],
  },
  {
    name: "a report beyond the credit window is believed",
    file: quotaLease,
    from: "if (used > highestPossibleSeq(lease))",
    to: "if (used > heldSeqs(lease) + 1)",
    tests: ["services/quota/src/domain/lease"],
  },
  {
    name: "a token is given back and used",
    file: quotaLease,
    from: "if (Math.max(used, lease.highest) > lease.size - returned)",
    to: "if (Math.max(used, lease.highest) > lease.size)",
    tests: ["services/quota/src/domain/lease"],
  },
  {
    name: "a final report below the ledger is believed",
    file: quotaLease,
    from: "if (close && used < lease.highest)",
    to: "if (close && used > lease.highest)",
    tests: ["services/quota/src/domain/lease"],
  },
  {
    name: "an older report is settled",
    file: quotaLease,
    from: 'ahead ? violation("numbers_of_two_reports") : { kind: "stale" }',
    to: 'ahead ? violation("numbers_of_two_reports") : { kind: "settle", from: lease.reported + 1, to: used }',
    tests: ["services/quota/src/domain/lease", messages],
  },
  {
    name: "a grant is more than what is free",
    file: "services/quota/src/domain/grant.ts",
    from: "Math.min(free, Math.max(1, Math.min(want, share, most)))",
    to: "Math.max(2, Math.min(want, share, most))",
    tests: ["services/quota/src/domain/grant"],
  },
  {
    name: "exhausted is said while others hold unused tokens",
    file: "services/quota/src/domain/grant.ts",
    from: 'othersOpen > 0 ? "contended" : "exhausted"',
    to: '"exhausted"',
    tests: ["services/quota/src/domain/grant"],
  },
  {
    name: "yesterday's lease grows",
    file: "services/quota/src/domain/report-line.ts",
    from: "line.stale || report.close || !isOfDay(line, today)",
    to: "line.stale || report.close",
    tests: ["services/quota/test/sync-leases", fleet],
  },
  {
    name: "nobody is told that a bucket has tokens again",
    file: "services/quota/src/domain/bucket.ts",
    from: "freed: bucket.toldExhausted && free",
    to: "freed: false",
    tests: ["services/quota/src/domain/bucket"],
  },
];

const quotaStatements: readonly Mutation[] = [
  {
    name: "a repeated report is an error, not nothing",
    file: "services/quota/src/store/ledger.ts",
    from: "(${insert} on conflict do nothing returning",
    to: "(${insert} returning",
    tests: ["services/quota/test/record-usage"],
  },
  {
    name: "buckets are read without a lock",
    file: "services/quota/src/store/buckets.ts",
    from: "\n  for update of b`",
    to: "`",
    tests: ["proofs/test/full-speed"],
  },
  {
    name: "the row itself accepts a grant beyond its limit",
    file: "services/quota/src/store/movements.ts",
    from: "and (c.granted = 0 or b.settled + c.settled + b.escrow + c.escrow <= b.daily_limit)",
    to: "",
    tests: ["services/quota/test/store"],
  },
  {
    name: "a completed ledger row is overwritten",
    file: "services/quota/src/store/ledger.ts",
    from: "\n    and coalesce(g.state, '') <> 'completed'",
    to: "",
    tests: ["services/quota/test/record-usage"],
  },
];

const snapshotVersion = "libs/messaging/src/snapshot-version.ts";
const versionGuards: readonly Mutation[] = [
  {
    name: "an older snapshot overrules a newer one",
    file: snapshotVersion,
    from: 'return wasFalse ? "newer" : "not_newer";',
    to: 'return "newer";',
    tests: [snapshotVersion.replace(".ts", ".test")],
  },
  {
    name: "a version that its source cannot have written is believed",
    file: snapshotVersion,
    from: 'elapsedMs * maxVersionsPerMs ? "newer" : "impossible"',
    to: 'Number.MAX_SAFE_INTEGER ? "newer" : "impossible"',
    tests: [snapshotVersion.replace(".ts", ".test")],
  },
  {
    name: "a snapshot that is not newer is stored",
    file: "libs/messaging/src/snapshot.ts",
    from: 'if (verdict === "not_newer") return false;',
    to: "",
    tests: ["services/quota/test/sync-leases"],
  },
];

const router: readonly Mutation[] = [
  {
    name: "a spool frame's kind is outside its checksum",
    file: "services/llm-router/src/store/spool/frame.ts",
    from: "crc32(frame.subarray(8))",
    to: "crc32(frame.subarray(9))",
    tests: ["services/llm-router/src/store/spool/frame"],
  },
  {
    name: "a damaged spool frame is believed",
    file: "services/llm-router/src/store/spool/frame.ts",
    from: "if (crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4))",
    to: "if (end < offset)",
    tests: ["services/llm-router/src/store/spool/frame"],
  },
  {
    name: "a breaker opens at 70 % of failures",
    file: breaker,
    from: "errorThresholdPercentage: options.errorThresholdPercent",
    to: "errorThresholdPercentage: 70",
    tests: breakerTests,
  },
  {
    name: "a breaker opens at its first failure",
    file: breaker,
    from: "volumeThreshold: options.volumeThreshold",
    to: "volumeThreshold: 0",
    tests: breakerTests,
  },
  {
    name: "a call from before a breaker opened counts after it",
    file: breaker,
    from: "born === generation && ",
    to: "",
    tests: breakerTests,
  },
  {
    name: "a trial that hangs blocks its breaker",
    file: breaker,
    from: "within(options.trial(), options.trialDeadlineMs)",
    to: "options.trial()",
    tests: breakerTests,
  },
  {
    name: "one tenant opens the breaker for all",
    file: "services/llm-router/src/clients/provider-health.ts",
    from: "witnesses.size > 1",
    to: "witnesses.size > 0",
    tests: ["services/llm-router/src/clients/provider-health"],
  },
  {
    name: "a message that quotes the caller rests the platform's credential",
    file: "services/llm-router/src/domain/refusal-meaning.ts",
    from: "/^(?:your credit balance",
    to: "/(?:your credit balance",
    tests: ["services/llm-router/src/domain/refusal-meaning"],
  },
];

const verifier = "libs/caller-token/src/verify.ts";
const verifierTests = ["libs/caller-token/test"];
const signature: readonly Mutation[] = [
  {
    name: "a token for another service is believed",
    file: verifier,
    from: "        audience,\n        requiredClaims",
    to: "        requiredClaims",
    tests: verifierTests,
  },
  {
    name: "a token for another path is believed",
    file: verifier,
    from: " && claims.data.path === path",
    to: "",
    tests: verifierTests,
  },
  {
    name: "a token for another method is believed",
    file: verifier,
    from: " && claims.data.method === method",
    to: "",
    tests: verifierTests,
  },
  {
    name: "an old token is believed",
    file: verifier,
    from: "clockTolerance: clockToleranceSeconds",
    to: "clockTolerance: 86_400",
    tests: verifierTests,
  },
];

export const mutations: readonly Mutation[] = [
  ...leaseOnTheGateway,
  ...syncOnTheGateway,
  ...quotaDecisions,
  ...quotaStatements,
  ...versionGuards,
  ...router,
  ...signature,
];
