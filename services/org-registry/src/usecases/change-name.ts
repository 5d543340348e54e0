import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { appendAudit } from "../store/audit-log.ts";
import { updateDisplayName } from "../store/email-changes.ts";
import { change, type RegistryDeps } from "./change.ts";

/** What a person is called; null takes the name away. */
export async function changeName(deps: RegistryDeps, asking: AskingSession, name: string | null): Promise<void> {
  const { userId } = asking;
  await change(deps, { userId }, async (trx, at) => {
    const before = await updateDisplayName(trx, userId, name);
    const entry = { chain: `user:${userId}`, action: "name.changed", target: userId, details: {} } as const;
    await appendAudit(trx, { ...entry, at, actor: actorOfSession(asking), before: { name: before }, after: { name } });
  });
}
