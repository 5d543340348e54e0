import { randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { childEnv } from "@topdog/testing/child-env";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { fileOf, serviceCommands } from "./service-commands.ts";
import { type TestNats, testNats } from "@topdog/testing/nats";

const root = join(import.meta.dirname, "../..");
const folderOf = (service: string): URL => new URL(`../../services/${service}/migrations/`, import.meta.url);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs each file of its arguments as a command, and tells with which code it ended and what it said. */
const eachWithAnUnknownFlag = `
const files = process.argv.slice(1);
const ends = [];
const write = process.stderr.write;
for (const file of files) {
  let said = "";
  process.stderr.write = (text) => Boolean((said += text));
  process.argv = [process.execPath, file, "--no-such-flag"];
  process.exitCode = 0;
  await import(file);
  ends.push([file, process.exitCode, said]);
}
process.stderr.write = write;
process.exitCode = 0;
console.log(JSON.stringify(ends));
`;

describe("npm run topdog", () => {
  let registry: TestDatabase;
  let billing: TestDatabase;
  let router: TestDatabase;
  let nats: TestNats;
  beforeAll(async () => {
    [registry, billing, router, nats] = await Promise.all([
      testDatabase({ migrations: folderOf("org-registry") }),
      testDatabase({ migrations: folderOf("billing") }),
      testDatabase({ migrations: folderOf("llm-router") }),
      testNats(),
    ]);
  });
  afterAll(async () => {
    await Promise.all([registry.drop(), billing.drop(), router.drop(), nats.stop()]);
  });

  const auditKeys = `test:${randomBytes(32).toString("base64url")}`;
  const runFile = (file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> =>
    new Promise((resolve) => {
      const own = { ...childEnv(), ...env };
      execFile(process.execPath, [file, ...args], { cwd: root, env: own }, (failure, out, error) => {
        resolve({ code: failure === null ? 0 : Number(failure.code ?? 1), out, error });
      });
    });
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    runFile("scripts/topdog.ts", args, env);
  const connected = (...args: string[]): Promise<Ran> =>
    run(args, {
      DATABASE_URL_ORG_REGISTRY: registry.url,
      AUDIT_KEYS: auditKeys,
      DATABASE_URL_BILLING: billing.url,
      DATABASE_URL_LLM_ROUTER: router.url,
      NATS_URL: nats.url,
      NATS_NKEY_SEED: nats.seedOf("operator"),
    });

  test("a user, an org, keys and a plan are set up by command alone", async () => {
    const user = JSON.parse((await connected("create-user", "--email", "ada@example.test")).out) as { id: string };
    const org = JSON.parse((await connected("create-org", "--name", "Acme", "--owner", user.id)).out) as { id: string };
    const created = await connected("create-key", "--user", user.id, "--org", org.id);
    const { id, key } = JSON.parse(created.out) as { id: string; key: string };
    expect(key).toMatch(/^td_[\w-]{49}$/);
    expect(await connected("revoke-key", id)).toMatchObject({ code: 0, out: `revoked ${id}\n` });
    const plan = await connected("set-plan", "--owner", `org:${org.id}`, "--plan", "teams", "--seats", "4");
    expect(plan.out).toContain("now has Teams, 4 seats, by the month (version 1)");
    const shown = JSON.parse((await connected("show-subscription", "--owner", `org:${org.id}`)).out) as object;
    expect(shown).toMatchObject({ plan: "teams", seats: 4, version: 1 });
  });

  test("what is kept of somebody's calls is erased by command", async () => {
    const row = { purpose: "cache", state: "too_large", lapses_at: new Date(Date.now() + 60_000) };
    const rows = ["usr_1", "usr_2"].map((user) => ({ ...row, owner: `user:${user}`, name: "n", user_id: user }));
    await router.owner("kept_answer").insert(rows);
    expect(await connected("erase-answers", "--user", "usr_1")).toMatchObject({
      code: 0,
      out: "erased 1 kept answer\n",
    });
    expect(await router.owner("kept_answer").select("user_id")).toEqual([{ user_id: "usr_2" }]);
    expect(await connected("erase-answers")).toMatchObject({ code: 2 });
  });

  test("the audit log is verified, and the first row that does not fit is named", async () => {
    const { id } = JSON.parse((await connected("create-user", "--email", "eve@example.test")).out) as { id: string };
    const verify = (...args: string[]) => connected("verify-audit", "--chain", `user:${id}`, ...args);
    expect(await verify()).toMatchObject({ code: 0, out: "intact: 1 rows in 1 chains, compared with 0 anchors\n" });
    await registry.owner.transaction(async (trx) => {
      await trx.raw("alter table audit_log disable trigger user");
      await trx.raw("update audit_log set actor = 'nobody' where chain = ?", [`user:${id}`]);
      await trx.raw("alter table audit_log enable trigger user");
    });
    const out = `broken: user:${id} row 1: the row was changed\n`;
    expect(await verify("--without-anchors")).toMatchObject({ code: 1, out });
  });

  test("a lost second factor is taken away with a reason, and not without", async () => {
    const { id } = JSON.parse((await connected("create-user", "--email", "olga@example.test")).out) as { id: string };
    const remove = (...args: string[]) => connected("remove-second-factor", "olga@example.test", ...args);
    expect(await remove("--reason", "came by")).toMatchObject({
      code: 1,
      error: "error: This user has no authenticator app.\n",
    });
    await registry.owner("totp").insert({ user_id: id, sealed_secret: "sealed", confirmed_at: new Date() });
    expect(await remove()).toMatchObject({ code: 2, error: expect.stringContaining("--reason") });
    expect(await remove("--reason", "came by")).toMatchObject({ code: 0, out: expect.stringMatching(`^${id} has no`) });
    expect(await registry.owner("totp")).toEqual([]);
    const entries = await registry.owner("audit_log").where({ chain: `user:${id}`, action: "totp.removed" });
    expect(JSON.stringify(entries)).toContain("came by");
  });

  test("a refusal says why and ends with 1", async () => {
    const refused = await connected("set-plan", "--owner", "org:org_1", "--plan", "teams", "--seats", "2");
    expect([refused.code, refused.error]).toEqual([1, "refused: teams needs at least 3 seats, not 2\n"]);
    const unknown = await connected("revoke-key", "key_nowhere");
    expect([unknown.code, unknown.error]).toEqual([1, "error: There is no such live key.\n"]);
  });

  test("wrong use ends with 2 and says what is wrong, whichever command it is", async () => {
    expect(await connected("set-plan", "--plan", "gold", "--owner", "org:o")).toMatchObject({ code: 2 });
    expect(await connected("dead-letters", "list", "--durable", "nobody")).toMatchObject({ code: 2 });
    expect(await run(["no-such-command"])).toMatchObject({ code: 2 });
    expect(await run(["create-caller-key", "--no-such-flag"])).toMatchObject({ code: 2 });
    // One after the other in one process: a process each would take ten seconds for the loading alone.
    const files = serviceCommands.map(fileOf);
    const all = await runFile("--input-type=module", ["--eval", eachWithAnUnknownFlag, "--", ...files], {});
    expect(all).toMatchObject({ code: 0, error: "" });
    const ends = JSON.parse(all.out) as (readonly [string, number, string])[];
    const isSaid = /^error: (unknown option '--no-such-flag'|required option)/;
    expect(ends.map(([file]) => file)).toEqual(files);
    expect(ends.filter(([, code, error]) => code !== 2 || !isSaid.test(error))).toEqual([]);
  });

  test("help and errors need no running stack", async () => {
    expect((await run(["--help"])).out).toContain("npm run topdog -- dead-letters list");
    const help = await run(["set-plan", "--help"]);
    expect([help.code, help.out]).toEqual([0, expect.stringContaining("--owner <owner>")]);
    const stopped = await run(["--stack-file", ".topdog/no-such-file.json", "show-subscription", "--owner", "user:u"]);
    expect(stopped.code).toBe(2);
    expect(stopped.error).toContain("Run npm start first");
  });

  test("a key pair for signing callers is made for the gateway and, without its secret, for the services", async () => {
    const { code, out } = await run(["create-caller-key", "--kid", "2027-01"]);
    const [signing = "", verifying = ""] = out.split("\n");
    const { d } = JSON.parse(signing.replace("CALLER_SIGNING_KEY=", "")) as { d: string };
    expect(code).toBe(0);
    expect(JSON.parse(verifying.replace("CALLER_PUBLIC_KEYS=", ""))).toMatchObject({ keys: [{ kid: "2027-01" }] });
    expect(verifying).not.toContain(d);
  });

  test("dead letters are listed and dropped only when named", async () => {
    expect((await connected("dead-letters", "list")).out).toBe("no dead letters\n");
    expect((await connected("dead-letters", "drop", "billing-on-org-updated")).error).toContain("--seq <n>, or --all");
    expect((await connected("dead-letters", "drop", "nobody", "--all")).error).toContain("there is no consumer");
    const replayed = await connected("dead-letters", "replay", "billing-on-org-updated", "--all");
    expect(replayed.out).toBe("replay: 0 dead letters of billing-on-org-updated\n");
  });
});
