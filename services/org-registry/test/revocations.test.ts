import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EventDefinition } from "@topdog/contracts/event";
import { findApiKeys } from "@topdog/contracts/api-key";
import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { credentialRevoked } from "@topdog/contracts/events/credential-events";
import { memberChanged } from "@topdog/contracts/events/org-events";
import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import { sessionOf } from "@topdog/testing/account-call";
import { onThisMachine } from "@topdog/testing/machine";
import { hashKey } from "../src/store/key-material.ts";
import { insertSession } from "../src/store/sessions.ts";
import { change } from "../src/usecases/change.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";
import { revokeLeakedKeys } from "../src/usecases/revoke-leaked-keys.ts";
import { revokeKeyAsOperator } from "../src/usecases/revoke-key.ts";
import { someOrg, someUser } from "./arrange.ts";
import { type ByokRig, newKey, startByok } from "./byok-rig.ts";

const withinMs = 100;
const rounds = 3;

let registry: ByokRig;
beforeAll(async () => {
  registry = await startByok();
});
afterAll(() => registry.stop());

/** Something that is about to be taken from somebody, and the event by which gateways and routers learn of it. */
interface Ending {
  /** Returns how to stop. */
  readonly listen: (bus: Bus, heard: () => void) => () => void;
  readonly end: () => Promise<unknown>;
}

const told =
  <T>(event: EventDefinition<T>, isIt: (fact: T) => boolean): Ending["listen"] =>
  (bus, heard) =>
    onEventBroadcast(bus, event, (fact) => {
      if (isIt(fact)) heard();
    });
const sessionOfUser = (of: string) => told(sessionRevoked, ({ userId }) => userId === of);
const keyOfUser = (of: string) => told(apiKeyRevoked, ({ userId }) => userId === of);
const memberWithoutSeat = (of: string) => told(memberChanged, ({ userId, active }) => userId === of && !active);

let sessions = 0;
async function someSession(userId: string): Promise<string> {
  const id = `ses_${(sessions += 1)}`;
  const at = new Date();
  const times = { createdAt: at, authenticatedAt: at, lastSeenAt: at, expiresAt: new Date(at.getTime() + 3_600_000) };
  const session = { id, userId, tokenHash: hashKey(id), secondFactorAt: null, address: "192.0.2.1", userAgent: "" };
  await change(registry.deps, { userId }, (trx) => insertSession(trx, { ...session, ...times }));
  return id;
}

async function must(answer: ReturnType<ByokRig["as"]>): Promise<void> {
  expect((await answer).status).toBeLessThan(300);
}

const endings: Readonly<Record<string, () => Promise<Ending>>> = {
  "signing out": async () => {
    const userId = await someUser(registry.deps);
    const as = sessionOf(userId, { sessionId: await someSession(userId) });
    return { listen: sessionOfUser(userId), end: () => must(registry.call("POST", "/api/auth/sign-out", as)) };
  },
  "ending another session": async () => {
    const userId = await someUser(registry.deps);
    const id = await someSession(userId);
    return {
      listen: sessionOfUser(userId),
      end: () => must(registry.as(userId, "DELETE", `/api/auth/sessions/${id}`)),
    };
  },
  "signing out everywhere": async () => {
    const userId = await someUser(registry.deps);
    await someSession(userId);
    return {
      listen: sessionOfUser(userId),
      end: () => must(registry.as(userId, "POST", "/api/auth/sign-out-everywhere")),
    };
  },
  "revoking a key": async () => {
    const userId = await someUser(registry.deps);
    const { record } = await createKeyAsOperator(registry.deps, { userId, orgId: null, name: "test" });
    return { listen: keyOfUser(userId), end: () => must(registry.as(userId, "DELETE", `/api/keys/${record.id}`)) };
  },
  // Through a pool that is not the service's, as from another process.
  "revoking a key by an operator's command": async () => {
    const userId = await someUser(registry.deps);
    const { record } = await createKeyAsOperator(registry.deps, { userId, orgId: null, name: "test" });
    return { listen: keyOfUser(userId), end: () => revokeKeyAsOperator(registry.deps, record.id) };
  },
  "revoking keys that leaked": async () => {
    const userId = await someUser(registry.deps);
    const { key } = await createKeyAsOperator(registry.deps, { userId, orgId: null, name: "test" });
    return { listen: keyOfUser(userId), end: () => revokeLeakedKeys(registry.deps, findApiKeys(`found: ${key}`)) };
  },
  "rotating a key at once": async () => {
    const userId = await someUser(registry.deps);
    const { record } = await createKeyAsOperator(registry.deps, { userId, orgId: null, name: "test" });
    return {
      listen: keyOfUser(userId),
      end: () => must(registry.as(userId, "POST", `/api/keys/${record.id}/rotate`, { overlapSeconds: 0 })),
    };
  },
  "removing a service account": async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const account = await registry.as(owner, "POST", `/api/orgs/${orgId}/service-accounts`, { name: "ci" });
    const id = String(account.body["id"]);
    await must(registry.as(owner, "POST", "/api/keys", { name: "runner", orgId, serviceAccountId: id }));
    const path = `/api/orgs/${orgId}/service-accounts/${id}`;
    return { listen: keyOfUser(id), end: () => must(registry.as(owner, "DELETE", path)) };
  },
  "revoking a credential": async () => {
    const userId = await someUser(registry.deps);
    const { body } = await registry.add(userId, newKey());
    const path = `/api/byok/${String(body["id"])}`;
    const listen = told(credentialRevoked, ({ credentialId }) => credentialId === body["id"]);
    return { listen, end: () => must(registry.as(userId, "DELETE", path, { reason: "test" })) };
  },
  "deactivating a member": async () => {
    const {
      orgId,
      owner,
      members: [member = ""],
    } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const path = `/api/orgs/${orgId}/members/${member}`;
    return { listen: memberWithoutSeat(member), end: () => must(registry.as(owner, "PATCH", path, { active: false })) };
  },
  "removing a member": async () => {
    const {
      orgId,
      owner,
      members: [member = ""],
    } = await someOrg(registry.deps, { members: 1, seats: 3 });
    return {
      listen: memberWithoutSeat(member),
      end: () => must(registry.as(owner, "DELETE", `/api/orgs/${orgId}/members/${member}`)),
    };
  },
};

/** From the moment when it is done to when a listener on the bus has heard of it, beyond what this machine held both up for. */
async function tookMs({ listen, end }: Ending): Promise<number> {
  const listener = await registry.nats.busOf("gateway");
  const heard = Promise.withResolvers<number>();
  const stop = listen(listener, () => heard.resolve(performance.now()));
  await listener.nc.flush();
  const { result: ms, slowestMs } = await onThisMachine({ bus: registry.nats.bus, db: registry.db }, async () => {
    await end();
    const doneMs = performance.now();
    return (await heard.promise) - doneMs;
  });
  stop();
  return ms - 2 * slowestMs;
}

test.each(Object.entries(endings))(`%s is told on the bus within ${withinMs} ms`, async (_what, arrange) => {
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    took.push(await tookMs(await arrange()));
  }
  // The median: one round may fall into a moment when the machine is busy with something else.
  expect(took.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]).toBeLessThan(withinMs);
});
