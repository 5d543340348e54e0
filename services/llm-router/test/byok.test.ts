import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkCredential } from "@topdog/contracts/rpc/check-credential";
import { callRpc } from "@topdog/messaging/rpc";
import { eventually } from "@topdog/testing/eventually";
import { chatCompletion, type FakeScript, type FakeUpstream } from "@topdog/testing/fake-upstream";
import { callerOf, startVault, type Vault } from "./byok-rig.ts";
import { type Answer, chatBody, type RouterRig } from "./router-rig.ts";
import { callsTo, errorOf, useRouters } from "./router-setting.ts";

const { nats, upstream, router } = useRouters();

/** A provider that answers by the key: `sk-refused…` 401, `sk-limited…` 429, and the platform, which sends none, as well. */
const byKey: FakeScript = ({ headers }) => {
  const key = (headers["authorization"] ?? "").replace("Bearer ", "");
  if (key.startsWith("sk-refused")) return { status: 401, body: JSON.stringify({ error: { message: `bad ${key}` } }) };
  if (key.startsWith("sk-limited")) return { status: 429, headers: { "retry-after": "20" }, body: "{}" };
  return { body: chatCompletion("hello") };
};

let vault: Vault;
beforeEach(async () => {
  vault = await startVault(await nats().busOf("org-registry"));
});
afterEach(() => vault.stop());

const keysAt = (fake: FakeUpstream): string[] =>
  callsTo(fake).map(({ headers }) => (headers["authorization"] ?? "platform").replace("Bearer ", ""));
const user = callerOf("usr_1", ["user:usr_1"]);
const inOrg = callerOf("usr_1", ["user:usr_1", "org:org_1"], "org_1");
const ask = (rig: RouterRig, principal = user): Promise<Answer & { seq: number }> =>
  rig.call(chatBody(), { principal });

describe("whose credential serves a call", () => {
  test("the user's own in order, then the org's; the answer and the usage say whose", async () => {
    const fake = await upstream(byKey);
    const rig = await router([fake]);
    await vault.add("org:org_1", "up-0", "sk-org-1");
    const own = await vault.add("user:usr_1", "up-0", "sk-own-1");
    const first = await ask(rig, inOrg);
    expect([first.status, first.headers["x-topdog-credential"]]).toEqual([200, "user"]);
    expect(await rig.usage(first.seq)).toMatchObject({ credential: "user", provider: "up-0", outcome: "ok" });
    await vault.revoke("user:usr_1", own.id);
    await eventually(async () => {
      const next = await ask(rig, inOrg);
      expect(next.headers["x-topdog-credential"]).toBe("org");
    });
    expect(keysAt(fake)[0]).toBe("sk-own-1");
    expect(keysAt(fake).at(-1)).toBe("sk-org-1");
    const nobodys = await rig.call(chatBody());
    expect(nobodys.headers["x-topdog-credential"]).toBeUndefined();
    expect((await rig.usage(nobodys.seq)).credential).toBeUndefined();
    expect(keysAt(fake).at(-1)).toBe("platform");
  });

  test("a refused or limited one gives way to the next of the caller's, rests alone, and harms no other tenant", async () => {
    const fake = await upstream(byKey);
    const rig = await router([fake]);
    for (const key of ["sk-limited", "sk-refused", "sk-good"]) await vault.add("user:usr_1", "up-0", key);
    expect([(await ask(rig)).status, keysAt(fake)]).toEqual([200, ["sk-limited", "sk-refused", "sk-good"]]);
    expect([(await ask(rig)).status, keysAt(fake).length]).toEqual([200, 4]);
    await vault.add("user:usr_2", "up-0", "sk-good-2");
    expect((await ask(rig, callerOf("usr_2", ["user:usr_2"]))).status).toBe(200);
    expect(keysAt(fake).slice(3)).toEqual(["sk-good", "sk-good-2"]);
  });

  test("nobody is moved to the platform's credential unless they chose it", async () => {
    const fake = await upstream(byKey);
    const rig = await router([fake]);
    await vault.add("user:usr_1", "up-0", "sk-refused-1");
    const refused = await ask(rig);
    expect([refused.status, errorOf(refused.text).code]).toEqual([403, "byok_credential_refused"]);
    expect(refused.text).not.toContain("sk-refused");
    expect(await rig.usage(refused.seq)).toMatchObject({ outcome: "rejected", refund: false, refundsLlmRequest: true });
    // It rests now, and still nothing else is tried.
    expect((await ask(rig)).status).toBe(403);
    expect(keysAt(fake)).toEqual(["sk-refused-1"]);

    await vault.add("user:usr_3", "up-0", "sk-refused-3");
    vault.held.set("user:usr_3", { ...vault.held.get("user:usr_3")!, fallback: true });
    const chosen = await ask(rig, callerOf("usr_3", ["user:usr_3"]));
    expect([chosen.status, chosen.headers["x-topdog-credential"]]).toEqual([200, undefined]);
    expect(keysAt(fake).slice(1)).toEqual(["sk-refused-3", "platform"]);
  });

  test("a limit of the caller's own credential is a 429 with its provider's wait", async () => {
    const rig = await router([await upstream(byKey)]);
    await vault.add("user:usr_1", "up-0", "sk-limited-1");
    for (let call = 0; call < 2; call += 1) {
      const limited = await ask(rig);
      expect([limited.status, errorOf(limited.text).code]).toEqual([429, "upstream_rate_limited"]);
      expect(Number(limited.headers["retry-after"])).toBeGreaterThan(1);
    }
  });

  test("one for another model, member or provider is not for this call; a disabled or invalid one is, and cannot be used", async () => {
    const fake = await upstream(byKey);
    const rig = await router([fake]);
    await vault.add("user:usr_1", "up-0", "sk-a", { allowedModels: ["sandbox-large"] });
    await vault.add("user:usr_1", "up-0", "sk-b", { allowedMembers: ["usr_2"] });
    await vault.add("user:usr_1", "elsewhere", "sk-c");
    expect([(await ask(rig)).status, keysAt(fake)]).toEqual([200, ["platform"]]);
    await vault.add("user:usr_4", "up-0", "sk-d", { status: "invalid" });
    await vault.add("user:usr_4", "up-0", "sk-e", { envelope: null });
    const unusable = await ask(rig, callerOf("usr_4", ["user:usr_4"]));
    expect([unusable.status, errorOf(unusable.text).code]).toEqual([403, "byok_credential_unusable"]);
    expect(keysAt(fake)).toHaveLength(1);
  });

  test("an envelope of another tenant does not open, and the next one is used", async () => {
    const fake = await upstream(byKey);
    const rig = await router([fake]);
    const theirs = await vault.add("user:usr_9", "up-0", "sk-stolen");
    await vault.add("user:usr_1", "up-0", "sk-mine-0", { envelope: theirs.envelope });
    await vault.add("user:usr_1", "up-0", "sk-mine-1");
    expect((await ask(rig)).status).toBe(200);
    expect(keysAt(fake)).toEqual(["sk-mine-1"]);
  });
});

describe("what is known of credentials", () => {
  test("is asked once for many calls, in pages, and again after a change; callers without any cost no question", async () => {
    const rig = await router([await upstream(byKey)]);
    for (let index = 0; index < 5; index += 1) await vault.add("user:usr_1", "up-0", `sk-${index}`);
    await Promise.all(Array.from({ length: 20 }, () => ask(rig)));
    await ask(rig);
    expect(vault.asked).toBe(3);
    await rig.call(chatBody());
    expect(vault.asked).toBe(3);
    await vault.revoke("user:usr_1", vault.held.get("user:usr_1")!.credentials[4]!.id);
    await eventually(async () => {
      await ask(rig);
      expect(vault.asked).toBe(5);
    });
  });

  test("while nobody can tell, a caller with credentials gets a 503 at our cost, and is not moved to the platform's", async () => {
    const fake = await upstream(byKey);
    const rig = await router([fake]);
    await vault.stop();
    const answer = await ask(rig);
    expect([answer.status, errorOf(answer.text).code]).toEqual([503, "temporary_reduced_capacity"]);
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed", refund: true });
    expect(keysAt(fake)).toEqual([]);
  });
});

test("org-registry is told what the provider says of a key: valid, invalid, unverified, or that nobody knows the provider", async () => {
  const list: FakeScript = (request) => {
    const key = String(request.headers["authorization"]);
    if (key.includes("refused")) return { status: 401, body: "{}" };
    return key.includes("broken") ? { status: 500, body: "{}" } : { body: "{}" };
  };
  await router([await upstream(list)]);
  const verdictOn = async (provider: string, key: string, tenant = "user:usr_1") => {
    const {
      status: _,
      allowedModels: _models,
      allowedMembers: _members,
      envelope,
      ...facts
    } = await vault.add("user:usr_1", provider, key);
    const credential = { ...facts, tenant, envelope: envelope! };
    return (await callRpc(vault.bus, checkCredential, { credential }, { timeoutMs: 30_000 })).result;
  };
  await eventually(async () => expect(await verdictOn("up-0", "sk-good")).toBe("valid"));
  expect(await verdictOn("up-0", "sk-refused")).toBe("invalid");
  expect(await verdictOn("up-0", "sk-broken")).toBe("unverified");
  expect(await verdictOn("nobody", "sk-good")).toBe("unsupported");
  expect(await verdictOn("up-0", "sk-good", "user:usr_2")).toBe("unverified");
});
