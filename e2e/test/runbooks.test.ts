import { statfsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { allReady } from "../support/chaos-faults.ts";
import { until } from "../support/eventually.ts";
import { holdAgainstLedger, nothingWrong } from "../support/findings.ts";
import { adminQuery } from "../support/ledger.ts";
import { type Observation, runLoad } from "../support/load.ts";
import { type Platform, startPlatform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";
import { rawCall } from "../support/raw-call.ts";
import { follow, type Followed, type Way } from "../support/runbook.ts";
import { confirmEachCommit, confirmsCommits } from "../support/standby.ts";

let platform: Platform;
let keys: readonly string[];
beforeAll(async () => {
  platform = await startPlatform({ fastProviders: true, ownDisk: true });
  keys = [(await platform.newOrg({ plan: "enterprise", seats: 2_000 })).ownerKey];
}, 180_000);
afterAll(async () => {
  await platform.stop();
}, 60_000);

const saidTo = (followed: readonly Followed[], command: RegExp): unknown =>
  followed.find((one) => command.test(one.command))?.said;
const clients = 6;

/** Clients at work for as long as `meanwhile` takes. */
async function underLoad(meanwhile: () => Promise<void>): Promise<Observation[]> {
  const stage = { isOver: false };
  const [observations] = await Promise.all([
    runLoad({
      urls: platform.gatewayUrls,
      keys,
      clients,
      streamedShare: 0.5,
      random: seededRandom(1),
      pauseMs: 50,
      goOn: () => !stage.isOver,
    }),
    meanwhile().finally(() => {
      stage.isOver = true;
    }),
  ]);
  return observations;
}

const served = (): Promise<unknown> =>
  until(
    "calls are served",
    () =>
      runLoad({
        urls: platform.gatewayUrls,
        keys,
        clients: 1,
        streamedShare: 0,
        random: seededRandom(2),
        goOn: (seen) => seen.length < 1,
      }),
    (seen) => seen.every(({ complete }) => complete),
  );

/** As `df` says. */
function roomLeft(): number {
  const { bavail, bsize } = statfsSync(platform.spoolDirs[0] ?? "");
  return bavail * bsize;
}

test("disk-full.md: a disk that fills up under load loses nothing, and all goes on once it has room and the bus was started again", async () => {
  const { disk } = platform;
  if (disk === null) return void process.stderr.write("disk-full.md is not followed: no file system can be mounted\n");
  const followed: Followed[] = [];
  const observations = await underLoad(async () => {
    await sleep(500);
    disk.setFull(true);
    try {
      await sleep(1_500);
      const giveRoom = async (): Promise<number> => {
        const left = roomLeft();
        disk.setFull(false);
        return left;
      };
      const startBus = async (): Promise<void> => {
        await platform.restart("nats");
        if (!platform.isPostgresRunning()) await platform.restart("postgres");
        await allReady(platform, 60_000);
        await served();
      };
      const ways: Way[] = [
        [/^kubectl exec <pod> -- df -h$/, giveRoom],
        [/^kubectl rollout restart statefulset\/topdog-nats$/, startBus],
      ];
      followed.push(...(await follow(platform, "disk-full.md", { day: platform.today() }, ways)));
    } finally {
      disk.setFull(false);
    }
  });
  expect(saidTo(followed, /df -h/)).toBeLessThan(1_000_000);
  expect(saidTo(followed, /dead-letters/)).toBe("no dead letters\n");
  expect(saidTo(followed, /invariant_violation/)).toEqual([]);
  expect(saidTo(followed, /reconcile/)).toContain("no gap");
  expect(await holdAgainstLedger(platform, { observations })).toEqual(nothingWrong);
}, 240_000);

test("restore.md: a quota that went back in time charges nothing twice, and what the routers still have is charged again", async () => {
  const before = await underLoad(() => sleep(1_000));
  const backup = await platform.backUp();
  const forgotten = await underLoad(() => sleep(1_000));
  const since = new Date(backup.fromMs - 1_000).toISOString();
  const followed = await follow(platform, "restore.md", { since, day: platform.today() }, [
    [
      /^kubectl scale rollout quota --replicas=0$/,
      async () => {
        await platform.stopService("quota");
        await platform.restoreBackup(backup);
      },
    ],
    [/^node dist\/commands\/migrate.js$/, () => platform.releaseStep("services/quota/dist/commands/migrate.js")],
    [
      /^kubectl scale rollout quota --replicas=\d$/,
      async () => {
        await platform.restart("quota");
        await served();
      },
    ],
  ]);
  expect(saidTo(followed, /readyz/)).toMatchObject({ status: 200 });
  expect(saidTo(followed, /reship/)).toMatch(/sent again: [1-9]\d* records/);
  expect(saidTo(followed, /invariant_violation/)).toEqual([]);
  expect(saidTo(followed, /reconcile/)).toContain("no gap");
  const after = await underLoad(() => sleep(1_000));
  const lost = [{ fromMs: backup.fromMs, toMs: (after[0]?.startedMs ?? 0) - 1 }];
  expect(await holdAgainstLedger(platform, { observations: [...before, ...forgotten, ...after], lost })).toEqual(
    nothingWrong,
  );
}, 240_000);

test("lost-events.md: a plan that the bus lost and a spent day arrive by themselves, another plan by the page's commands at once", async () => {
  const [byItself, byCommand] = [await platform.newUser({ plan: "free" }), await platform.newUser({ plan: "free" })];
  const spent = await spendDay();
  const told = await toldExhausted(spent);
  await losePlanOf(byItself.userId);
  await bringStreamsBack();
  // Billing compares what others have with what is true twice a minute.
  await planArrives(byItself.userKey);
  await until(
    "the new store knows of the spent day",
    () => toldExhausted(spent),
    (now) => now > told,
  );

  await losePlanOf(byCommand.userId);
  const followed = await follow(platform, "lost-events.md", { owner: `user:${byCommand.userId}` }, [
    [/^node dist\/apply-topology.js$/, bringStreamsBack],
  ]);
  expect(saidTo(followed, /--owner/)).toContain("announced again: 1 subscriptions");
  await planArrives(byCommand.userKey);
  await served();
}, 240_000);

/** Returns a user of the free plan whose day is over, and of whom the bus knows that. */
async function spendDay(): Promise<string> {
  const { userId, userKey } = await platform.newUser({ plan: "free" });
  await runLoad({
    urls: platform.gatewayUrls,
    keys: [userKey],
    clients: 1,
    streamedShare: 0,
    maxTokens: 1,
    random: seededRandom(3),
    goOn: (seen) => seen.at(-1)?.status !== 429,
  });
  await until(
    "the bus knows of the spent day",
    () => toldExhausted(userId),
    (told) => told > 0,
  );
  return userId;
}

/** How often the bus was told that a user's day is spent. */
async function toldExhausted(userId: string): Promise<number> {
  const [row] = await adminQuery<{ told: number }>(
    platform,
    `select count(*)::integer as told from outbox
     where subject = 'topdog.quota.exhausted.v1' and payload like '%' || $1 || '%' and sent_at is not null`,
    [userId],
  );
  return row?.told ?? 0;
}

/** The plan is pro; billing has published it, and the bus forgot that before quota was there. */
async function losePlanOf(userId: string): Promise<void> {
  await platform.stopService("quota");
  await platform.setPlan(`user:${userId}`, "pro", 1);
  await until(
    "billing's outbox is empty",
    () =>
      adminQuery<{ unsent: number }>(
        { quotaDatabaseUrl: platform.quotaDatabaseUrl.replace(/quota$/, "billing") },
        "select count(*)::integer as unsent from outbox where sent_at is null",
      ),
    ([row]) => row?.unsent === 0,
  );
  await platform.loseBusStore();
}

async function bringStreamsBack(): Promise<void> {
  await platform.releaseStep("libs/messaging/dist/apply-topology.js");
  await platform.restart("quota");
}

const planArrives = (key: string): Promise<unknown> =>
  until(
    "the plan is in force",
    async () => (await rawCall(platform, "/api/limits", { headers: { authorization: `Bearer ${key}` } })).text,
    (text) => text.includes('"plan":"pro"'),
    { timeoutMs: 120_000, intervalMs: 200 },
  );

test("failover.md: with a standby that confirms commits, no answered call is lost with the primary, and nobody restarts a service", async () => {
  const { postgres } = platform;
  const proxy = await platform.databaseThroughProxy();
  const standby = await platform.addStandby();
  for (const sql of confirmEachCommit) await adminQuery({ quotaDatabaseUrl: postgres.adminUrl }, sql);
  await confirmsCommits(postgres);
  const onStandby = (sql: string) => adminQuery({ quotaDatabaseUrl: standby.adminUrl }, sql);
  const observations = await underLoad(async () => {
    await sleep(1_000);
    const followed = await follow(platform, "failover.md", { day: platform.today() }, [
      [/^kubectl delete pod <primary> --force$/, () => platform.kill9("postgres")],
      [
        /^kubectl patch service /,
        async () => {
          proxy.redirect(standby.port);
          await allReady(platform, 60_000);
          await served();
        },
      ],
      [/^psql -d "\$STANDBY" -c "(select \* from invariant_violation)"$/, (sql) => adminQuery(platform, sql)],
      [
        /^psql -d "\$STANDBY" -c "(alter system set synchronous_standby_names = 'standby')"$/,
        async (sql) => {
          await platform.addStandby(standby);
          return onStandby(sql);
        },
      ],
      [/^psql -d "\$STANDBY" -c "(.*)"$/, onStandby],
    ]);
    await confirmsCommits(standby);
    expect(saidTo(followed, /readyz/)).toMatchObject({ status: 200 });
    expect(saidTo(followed, /invariant_violation/)).toEqual([]);
    expect(saidTo(followed, /reconcile/)).toContain("no gap");
    await sleep(1_000);
  });
  expect(observations.filter(({ complete }) => complete).length).toBeGreaterThan(50);
  expect(await holdAgainstLedger(platform, { observations })).toEqual(nothingWrong);
}, 240_000);
