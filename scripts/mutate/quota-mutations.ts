import type { Mutation } from "./mutation.ts";

const messages = "proofs/test/lease-messages";
const fleet = "proofs/test/simulation";
const quotaLease = "services/quota/src/domain/lease.ts";
const lostHistory = "services/quota/src/domain/lost-history.ts";
const restored = "services/quota/test/restored";

export const quotaDecisions: readonly Mutation[] = [
  {
    name: "what a restore took is charged beyond what is free",
    file: lostHistory,
    from: "lease.reported + escrowOf(lease) + free)",
    to: "lease.reported + escrowOf(lease) + free + 1)",
    tests: [restored],
  },
  {
    name: "two leases that a restore took are both given what is free",
    file: lostHistory,
    from: "left.set(tally, free - Math.max",
    to: "left.set(tally, free + Math.max",
    tests: [restored],
  },
  {
    name: "a gateway is believed of a lease of which nothing was lost",
    file: lostHistory,
    from: "told.reported > lease.reported)",
    to: "told.reported >= lease.reported)",
    tests: [restored],
  },
  {
    name: "ids of leases that a restore took are given to others",
    file: "services/quota/src/store/quota-store.ts",
    from: "met.started !== started",
    to: "met.started === undefined",
    tests: [restored, "proofs/test/database-lies"],
  },
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
    from: 'reachable() > 0 ? "contended" : "exhausted"',
    to: '"exhausted"',
    tests: ["services/quota/src/domain/grant"],
  },
  {
    name: "what is kept for a member's share is granted to another",
    file: "services/quota/src/domain/fair-share.ts",
    from: "return Math.max(0, ofShare, free - keptFor(shares, member, free));",
    to: "return Math.max(0, ofShare, free);",
    tests: ["services/quota/src/domain/fair-share", "proofs/test/fair-shares"],
  },
  {
    name: "a gateway takes a lease that quota made for nobody as a member's",
    file: "services/gateway/src/domain/lease.ts",
    from: "  if (report.leaseId === null && report.member !== grant.member) return;\n",
    to: "",
    tests: ["services/gateway/src/domain/lease"],
  },
  {
    name: "leases of the next day are made hours before it",
    file: "services/quota/src/domain/utc-day.ts",
    from: "startsMs - nowMs <= aheadMs",
    to: "startsMs - nowMs <= dayMs",
    tests: ["services/quota/src/domain/utc-day", "services/quota/test/next-day"],
  },
  {
    name: "a request for one day is given the gateway's lease of another",
    file: "services/quota/src/domain/report-line.ts",
    from: 'state === "open" && day === report.day &&',
    to: 'state === "open" &&',
    tests: ["services/quota/test/next-day"],
  },
  {
    name: "yesterday's lease grows",
    file: "services/quota/src/domain/report-line.ts",
    from: "line.stale || report.close || !line.isServed",
    to: "line.stale || report.close",
    tests: ["services/quota/test/sync-leases", fleet],
  },
  {
    name: "a gateway gets one concurrent request more than there are",
    file: "services/quota/src/domain/permits.ts",
    from: "limit - others)",
    to: "limit - others + 1)",
    tests: [fleet],
  },
  {
    name: "a moved clock proves that gateways were silent",
    file: "services/quota/src/usecases/listening.ts",
    from: "const isMoved = offsetMs !== null && ",
    to: "const isMoved = false && ",
    tests: ["services/quota/test/permits", "services/quota/test/jobs"],
  },
  {
    name: "a refund gives two tokens back",
    file: "services/quota/src/usecases/record-usage.ts",
    from: "tally.settled -= back;",
    to: "tally.settled -= 2 * back;",
    tests: [fleet],
  },
  {
    name: "a store of the bus that was made anew is told nothing",
    file: "services/quota/src/usecases/tell-new-store.ts",
    from: "if ((await toldStore(db)) === created) return;",
    to: "if ((await toldStore(db)) !== null) return;",
    tests: ["services/quota/test/jobs"],
  },
  {
    name: "nobody is told that a bucket has tokens again",
    file: "services/quota/src/domain/bucket.ts",
    from: "freed: bucket.toldExhausted && free",
    to: "freed: false",
    tests: ["services/quota/src/domain/bucket"],
  },
];

export const quotaStatements: readonly Mutation[] = [
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
