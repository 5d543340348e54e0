import type { OrgView } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { modelRulesQuery } from "../../api/queries.ts";
import { org as words } from "../../copy/org.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { ListField, listOf } from "../../ui/list-field.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

const { rules: said } = words;
const names = ["allowedModels", "deniedModels", "allowedProviders", "deniedProviders"] as const;

/** Which models and providers the org's calls may use. */
export function ModelRules({ org }: { readonly org: OrgView }) {
  const query = useQuery(modelRulesQuery(org.id));
  const queries = useQueryClient();
  const params = { path: { orgId: org.id } };
  const choose = async (form: FormData): Promise<void> => {
    const [allowedModels, deniedModels, allowedProviders, deniedProviders] = names.map((name) => listOf(form, name));
    const body = {
      allowedModels: allowedModels ?? null,
      deniedModels: deniedModels ?? null,
      allowedProviders: allowedProviders ?? null,
      deniedProviders: deniedProviders ?? null,
    };
    await bodyOf(api.PUT("/api/orgs/{orgId}/model-rules", { params, body }));
    await Promise.all(["model-rules", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  return (
    <Panel
      title={said.title}
      hint={said.lead}
      action={
        org.deletionDueAt === null &&
        query.data !== undefined && (
          <ConfirmButton label={said.change} title={said.title} look="line" submitLook="solid" act={choose}>
            <p className="muted">{said.changeLead}</p>
            {names.map((name) => (
              <ListField
                key={name}
                label={said[name]}
                hint={said.hints[name]}
                name={name}
                lines={query.data[name] ?? []}
              />
            ))}
          </ConfirmButton>
        )
      }
    >
      <Loaded query={query}>
        {(rules) => {
          const given = names.filter((name) => rules[name] !== null);
          if (given.length === 0) return <p className="muted">{said.none}</p>;
          return (
            <dl className="facts">
              {given.map((name) => (
                <div key={name} className="fact">
                  <dt>{said[name]}</dt>
                  <dd className="mono wrapped">{rules[name]?.join(", ")}</dd>
                </div>
              ))}
            </dl>
          );
        }}
      </Loaded>
    </Panel>
  );
}
