import type { ModelRules } from "@topdog/contracts/model-rules";
import type { Database, Transaction } from "@topdog/postgres/pool";

interface ModelRulesRow {
  readonly allowed_models: string[] | null;
  readonly denied_models: string[] | null;
  readonly allowed_providers: string[] | null;
  readonly denied_providers: string[] | null;
}

const ruleColumns = "allowed_models, denied_models, allowed_providers, denied_providers";

const fromDbRules = (row: ModelRulesRow): ModelRules => ({
  allowedModels: row.allowed_models,
  deniedModels: row.denied_models,
  allowedProviders: row.allowed_providers,
  deniedProviders: row.denied_providers,
});

export async function findModelRules(db: Database, orgId: string): Promise<ModelRules | null> {
  const { rows } = await db.raw<{ rows: ModelRulesRow[] }>(`select ${ruleColumns} from model_rules where org_id = ?`, [
    orgId,
  ]);
  return rows[0] === undefined ? null : fromDbRules(rows[0]);
}

/** The caller holds the org's owner lock. */
export async function saveModelRules(trx: Transaction, orgId: string, rules: ModelRules, at: Date): Promise<void> {
  const { allowedModels, deniedModels, allowedProviders, deniedProviders } = rules;
  await trx.raw(
    `insert into model_rules (org_id, ${ruleColumns}, changed_at) values (?, ?, ?, ?, ?, ?)
     on conflict (org_id) do update set (${ruleColumns}, changed_at) =
       (excluded.allowed_models, excluded.denied_models, excluded.allowed_providers, excluded.denied_providers, excluded.changed_at)`,
    [orgId, allowedModels, deniedModels, allowedProviders, deniedProviders, at],
  );
}
