import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { lockLiveKey } from "../src/store/api-keys.ts";
import { callerFor, someOrg, someUser } from "./arrange.ts";
import type { Answer } from "@topdog/testing/account-call";
import { type Registry, startRegistry } from "./start-registry.ts";

describe("a page of a list", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  const get = (path: string, userId: string): Promise<Answer> => registry.call("GET", path, { userId });
  const cursorFrom = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString("base64url");

  test("after somebody else's key is the same as after a key that never existed", async () => {
    const userId = await someUser(registry.deps);
    for (let index = 0; index < 3; index += 1) await callerFor(registry.deps, userId);
    const foreign = await callerFor(registry.deps, await someUser(registry.deps));
    const createdAtMs = Date.now() + 1000;
    const pages = [foreign.keyId, "key_none"].map((id) =>
      get(`/api/keys?limit=2&cursor=${cursorFrom({ createdAtMs, id })}`, userId),
    );
    const [afterForeign, afterMissing] = await Promise.all(pages);
    expect(afterForeign?.body.items).toHaveLength(2);
    expect(afterForeign).toEqual(afterMissing);
  });

  test("after a bare id is refused the same way, whoever's id it is", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const foreign = await callerFor(registry.deps, await someUser(registry.deps));
    for (const path of ["/api/keys", "/api/orgs", `/api/orgs/${orgId}/members`]) {
      for (const id of [foreign.keyId, foreign.userId, members[0], orgId, "key_none"]) {
        const { status, body } = await get(`${path}?cursor=${id}`, owner);
        expect([path, status, body["detail"]]).toEqual([path, 400, "query cursor: must be a cursor"]);
      }
    }
  });

  test.each([
    { createdAtMs: 1e20, id: "key_1" },
    { createdAtMs: 1.5, id: "key_1" },
    { createdAtMs: 1, id: "a\u0000" },
    { createdAtMs: 1, id: "key_1", more: true },
    { id: "key_1" },
    ["key_1"],
    null,
  ])("after %j is refused", async (position) => {
    const answer = await get(`/api/keys?cursor=${cursorFrom(position)}`, "usr_any");
    expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_request"]);
  });
});

describe("a key of somebody else", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  test("is refused without waiting for the org's lock", async () => {
    const key = await callerFor(registry.deps, await someUser(registry.deps));
    const stranger = await someUser(registry.deps);
    await registry.db.transaction(async (trx) => {
      await lockLiveKey(trx, key.keyId);
      const answer = await registry.call("DELETE", `/api/keys/${key.keyId}`, { userId: stranger });
      expect(answer.status).toBe(404);
    });
  });
});
