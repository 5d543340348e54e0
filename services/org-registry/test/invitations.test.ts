import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { invitationLifetimeMs } from "../src/domain/invitation.ts";
import { hashKey } from "../src/store/key-material.ts";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createUser } from "../src/usecases/create-user.ts";
import { acceptInvitation } from "../src/usecases/answer-invitation.ts";
import { deleteOrg } from "../src/usecases/delete-org.ts";
import { lapseInvitations } from "../src/usecases/lapse-invitations.ts";
import { signedIn, someOrg } from "./arrange.ts";
import { mailedToken, mailsTo } from "./read-mail.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

describe("invitations", () => {
  let registry: Registry;
  let mailDir: string;
  beforeAll(async () => {
    mailDir = await mkdtemp(join(tmpdir(), "topdog-mail-"));
    registry = await startRegistry({ MAIL_DIR: mailDir });
  });
  afterAll(async () => {
    await registry.stop();
    await rm(mailDir, { recursive: true, force: true });
  });

  let people = 0;
  /** Somebody with an account and, unless told otherwise, a verified address. */
  const somebody = async ({ verified = true } = {}): Promise<{ userId: string; email: string }> => {
    people += 1;
    const { id: userId, email } = await createUser(registry.deps, `invited-${people}@example.test`);
    if (verified) await registry.db.raw("update app_user set email_verified_at = now() where id = ?", [userId]);
    return { userId, email };
  };
  const ask = (method: string, path: string, userId: string, body?: unknown): Promise<Answer> =>
    registry.call(method, path, sessionOf(userId), body);
  const invite = (orgId: string, by: string, email: string, role = "member"): Promise<Answer> =>
    ask("POST", `/api/orgs/${orgId}/invitations`, by, { email, role });
  const answer = (how: "show" | "accept" | "decline", userId: string, token: string): Promise<Answer> =>
    ask("POST", `/api/invitations/${how}`, userId, { token });
  const roleOf = async (orgId: string, userId: string): Promise<unknown> =>
    (await ask("GET", `/api/orgs/${orgId}`, userId)).body["role"];
  const later = (ms: number) => ({ ...registry.deps, nowMs: () => Date.now() + ms });

  test("the invited person reads the mail, accepts, and is a member with a seat; not before", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const { userId, email } = await somebody();
    const invited = await invite(orgId, owner, ` ${email.toUpperCase()} `, "admin");
    expect([invited.status, invited.body["email"]]).toEqual([201, email]);
    const token = await mailedToken(mailDir, email);
    expect(await roleOf(orgId, userId)).toBeUndefined();
    expect((await answer("show", userId, token)).body).toMatchObject({ orgId, orgName: "Acme", role: "admin", email });
    expect((await answer("accept", userId, token)).body).toEqual({ orgId, role: "admin", active: true });
    expect(await roleOf(orgId, userId)).toBe("admin");
    expect((await ask("GET", `/api/orgs/${orgId}/invitations`, owner)).body.items).toEqual([]);
    expect((await verifyAuditChain(registry.db, `org:${orgId}`)).brokenAtSeq).toBeNull();
  });

  test("of 100 acceptances at once exactly one succeeds, and the link never works again", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const { userId, email } = await somebody();
    await invite(orgId, owner, email);
    const token = await mailedToken(mailDir, email);
    const answers = await Promise.all(Array.from({ length: 100 }, () => answer("accept", userId, token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(99);
  });

  test("of 100 invitations of one address at once exactly one is made", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const { email } = await somebody();
    const answers = await Promise.all(Array.from({ length: 100 }, () => invite(orgId, owner, email)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409, 429]));
    await mailedToken(mailDir, email);
    expect(await mailsTo(mailDir, email)).toHaveLength(1);
  });

  test("many who accept at once take exactly the paid seats; the others are members without one", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 4 });
    const invited = await Promise.all(Array.from({ length: 8 }, () => somebody()));
    for (const { email } of invited) await invite(orgId, owner, email);
    const tokens = await Promise.all(invited.map(({ email }) => mailedToken(mailDir, email)));
    const answers = await Promise.all(
      invited.map(({ userId }, index) => answer("accept", userId, tokens[index] ?? "")),
    );
    expect(answers.filter(({ body }) => body["active"] === true)).toHaveLength(3);
    expect(answers.filter(({ body }) => body["active"] === false)).toHaveLength(5);
  });

  test("the answer to who invites is the same whether the address has an account or not", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const { email } = await somebody();
    const bodies = [];
    for (const address of [email, "nobody-here@example.test"]) {
      const { status, body } = await invite(orgId, owner, address);
      bodies.push({ status, ...body, id: "", email: "", createdAt: "", expiresAt: "" });
    }
    expect(bodies[0]).toEqual(bodies[1]);
  });

  test("only the verified owner of the address may answer: a forwarded link is worth nothing", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const invited = await somebody({ verified: false });
    const other = await somebody();
    await invite(orgId, owner, invited.email);
    const token = await mailedToken(mailDir, invited.email);
    for (const { userId } of [invited, other]) {
      for (const how of ["show", "accept", "decline"] as const) {
        expect((await answer(how, userId, token)).status).toBe(403);
      }
    }
    const byKey = await registry.call("POST", "/api/invitations/accept", { userId: invited.userId }, { token });
    expect(byKey.body["code"]).toBe("session_required");
  });

  test("a declined, a revoked and a lapsed invitation are all the same 404, and the address may be invited again", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const path = `/api/orgs/${orgId}/invitations`;
    const { userId, email } = await somebody();
    const unknown = await answer("accept", userId, "x".repeat(43));
    expect(unknown.status).toBe(404);
    const ends = [
      async (token: string) => expect((await answer("decline", userId, token)).status).toBe(204),
      async () => {
        const [one] = (await ask("GET", path, owner)).body.items ?? [];
        expect((await ask("DELETE", `${path}/${String(one?.["id"])}`, owner)).status).toBe(204);
        expect((await ask("DELETE", `${path}/${String(one?.["id"])}`, owner)).status).toBe(404);
      },
      async (token: string) => {
        await expect(acceptInvitation(later(invitationLifetimeMs), signedIn(userId), token)).rejects.toMatchObject({
          code: "not_found",
        });
        await lapseInvitations(later(invitationLifetimeMs));
      },
    ];
    for (const [index, end] of ends.entries()) {
      expect((await invite(orgId, owner, email)).status).toBe(201);
      const token = await mailedToken(mailDir, email, index + 1);
      await end(token);
      const { status, body } = await answer("accept", userId, token);
      expect({ ...body, status, instance: "" }).toEqual({ ...unknown.body, status: 404, instance: "" });
    }
    expect(await roleOf(orgId, userId)).toBeUndefined();
  });

  test("admins invite members only; members, who pays, and who has no seat invite nobody and see no invitation", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 4, seats: 5 });
    const [admin = "", member = "", billing = "", seatless = ""] = members;
    const owning = signedIn(owner);
    await changeMember(registry.deps, owning, { orgId, userId: admin }, { role: "admin" });
    await changeMember(registry.deps, owning, { orgId, userId: billing }, { role: "billing" });
    await changeMember(registry.deps, owning, { orgId, userId: seatless }, { active: false });
    for (const by of [member, billing, seatless]) {
      expect((await invite(orgId, by, "some@example.test")).status).toBe(403);
      expect((await ask("GET", `/api/orgs/${orgId}/invitations`, by)).status).toBe(403);
    }
    for (const role of ["admin", "billing"])
      expect((await invite(orgId, admin, "a@example.test", role)).status).toBe(403);
    const stranger = await somebody();
    expect((await invite(orgId, stranger.userId, "some@example.test")).status).toBe(404);
    expect((await invite(orgId, admin, "some@example.test")).status).toBe(201);
    expect((await invite(orgId, owner, "other@example.test", "owner")).status).toBe(400);
  });

  test("an org that is being deleted takes nobody in", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const { userId, email } = await somebody();
    await invite(orgId, owner, email);
    const token = await mailedToken(mailDir, email);
    await deleteOrg(registry.deps, signedIn(owner), orgId);
    expect((await answer("accept", userId, token)).status).toBe(404);
    expect((await invite(orgId, owner, "late@example.test")).body["code"]).toBe("org_being_deleted");
  });

  test("what is stored and logged holds no token, and a wrong address is refused by its field", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const { email } = await somebody();
    await invite(orgId, owner, email);
    const token = await mailedToken(mailDir, email);
    await eventually(async () => {
      const { rows } = await registry.db.raw<{ rows: { token_hash: string }[] }>(
        "select * from invitation where org_id = ?",
        [orgId],
      );
      expect(rows[0]?.token_hash).toBe(hashKey(token));
      expect(JSON.stringify(rows)).not.toContain(token);
    });
    for (const wrong of ["", "nobody", "a\u0000@example.test", `${"a".repeat(300)}@example.test`, 7]) {
      const { status, body } = await ask("POST", `/api/orgs/${orgId}/invitations`, owner, {
        email: wrong,
        role: "member",
      });
      expect([wrong, status, body["errors"]]).toMatchObject([wrong, 400, [{ in: "body", path: "email" }]]);
    }
  });
});
