import type { Transaction } from "@topdog/postgres/pool";
import { AppError } from "@topdog/errors/app-error";
import type { Caller } from "../domain/caller.ts";
import { runsOrg } from "../domain/permissions.ts";
import { listUsedDays, type UsedDay } from "../store/daily-usage.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { requireMember } from "./require-member.ts";

const dayMs = 86_400_000;
const maxDays = 92;
const defaultDays = 30;

export interface DailyUsage {
  readonly from: string;
  readonly to: string;
  readonly days: readonly UsedDay[];
}

/** What an org used on each day: for who runs it, and who pays for it. */
export async function readDailyUsage(
  { db, nowMs }: RegistryDeps,
  caller: Caller,
  orgId: string,
  range: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<DailyUsage> {
  const to = range.to ?? new Date(nowMs()).toISOString().slice(0, 10);
  const from = range.from ?? new Date(Date.parse(to) - (defaultDays - 1) * dayMs).toISOString().slice(0, 10);
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1;
  if (!(days >= 1 && days <= maxDays)) {
    throw new AppError("invalid_request", { detail: `from and to must be days, in order, at most ${maxDays} of them` });
  }
  return { from, to, days: await read(db, actingOf(caller), (trx) => listForPayer(trx, caller, orgId, [from, to])) };
}

async function listForPayer(
  trx: Transaction,
  caller: Caller,
  orgId: string,
  [from, to]: readonly [string, string],
): Promise<UsedDay[]> {
  const member = await requireMember(trx, caller, orgId);
  if (!runsOrg(member) && member.role !== "billing") {
    throw new AppError("forbidden", { detail: "Only the org's owner, its admins and who pays for it see its usage." });
  }
  return listUsedDays(trx, `org:${orgId}`, from, to);
}
