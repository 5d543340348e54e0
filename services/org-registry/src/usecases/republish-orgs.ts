import type { Database } from "@topdog/postgres/pool";
import { pageOfMembers, pageOfOrgs } from "../store/orgs.ts";
import { change, read } from "./change.ts";
import { announceMembers, announceOrg } from "./record-org-change.ts";

type ListedOrg = Awaited<ReturnType<typeof pageOfOrgs>>[number];
type ListedMember = Awaited<ReturnType<typeof pageOfMembers>>[number];
/** With what it is compared by. */
export type KeyedOrg = ListedOrg & { readonly key: string };
export type KeyedMember = ListedMember & { readonly key: string };

const pageRows = 500;

export const nextOrgs = (db: Database, after: string, limit: number): Promise<KeyedOrg[]> =>
  read(db, "everyone", async (trx) => (await pageOfOrgs(trx, after, limit)).map((org) => ({ ...org, key: org.id })));

/** `after` is a key, `<org>/<user>`. */
export async function nextMembers(db: Database, after: string, limit: number): Promise<KeyedMember[]> {
  const [orgId = "", userId = ""] = after.split("/");
  const members = await read(db, "everyone", (trx) => pageOfMembers(trx, [orgId, userId], limit));
  return members.map((member) => ({ ...member, key: `${member.orgId}/${member.userId}` }));
}

/** Announces orgs as they are: whoever has that version already ignores it. */
export const republishOrgs = (db: Database, orgs: readonly ListedOrg[]): Promise<void> =>
  change({ db, nowMs: Date.now }, "everyone", async (trx, at) => {
    for (const { deleted, ...org } of orgs) await announceOrg(trx, org, at, deleted);
  });

export const republishMembers = (db: Database, members: readonly ListedMember[]): Promise<void> =>
  change({ db, nowMs: Date.now }, "everyone", (trx, at) => announceMembers(trx, members, at));

/** Every org and every member. */
export async function republishEverything(db: Database): Promise<{ readonly orgs: number; readonly members: number }> {
  const orgs = await inPages(
    (after) => nextOrgs(db, after, pageRows),
    (page) => republishOrgs(db, page),
  );
  const members = await inPages(
    (after) => nextMembers(db, after, pageRows),
    (page) => republishMembers(db, page),
  );
  return { orgs, members };
}

async function inPages<S extends { readonly key: string }>(
  next: (after: string) => Promise<readonly S[]>,
  act: (page: readonly S[]) => Promise<void>,
): Promise<number> {
  let after = "";
  for (let count = 0; ;) {
    const page = await next(after);
    await act(page);
    count += page.length;
    after = page.at(-1)?.key ?? "";
    if (page.length < pageRows) return count;
  }
}
