import type { Mutation } from "./mutation.ts";
import { quotaDecisions, quotaStatements } from "./quota-mutations.ts";

const messages = "proofs/test/lease-messages";
const fleet = "proofs/test/simulation";
const heldLease = "services/gateway/src/domain/lease.ts";
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
    from: "if (sent.close) endLease(lease);",
    to: "if (sent.close || lease.used > sent.used) endLease(lease);",
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
    name: "an idle gateway does not find out that quota is back",
    file: "services/gateway/src/store/lease-sync.ts",
    from: "messages.unreachableMs() > 0 || ",
    to: "",
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
  {
    name: "a gateway that quota takes for gone uses the concurrent requests that it held",
    file: "services/gateway/src/store/permit-trust.ts",
    from: "(nowMs - heardMs < trustMs || isAway())",
    to: "true",
    tests: ["services/gateway/src/store/permit-trust"],
  },
  {
    name: "a gateway that stood still uses the concurrent requests that it held",
    file: "services/gateway/src/store/permit-trust.ts",
    from: "if (nowMs - aliveMs > stoodStillMs) aliveMs",
    to: "if (nowMs < aliveMs) aliveMs",
    tests: ["services/gateway/src/store/permit-trust"],
  },
  {
    name: "idle concurrent requests are kept from the gateway that lacks them",
    file: "services/gateway/src/store/permits.ts",
    from: "if (entry !== undefined && forGateway !== deps.gatewayId) returnIdle(entry);",
    to: "if (entry !== undefined && forGateway === deps.gatewayId) returnIdle(entry);",
    tests: [fleet],
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
