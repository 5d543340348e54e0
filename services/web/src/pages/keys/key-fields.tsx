import type { Sent, Success } from "../../domain/answers.ts";
import { ceilings } from "../../copy/ceilings.ts";
import { keys } from "../../copy/keys.ts";
import { CeilingField, ceilingOf } from "../../ui/ceiling-field.tsx";
import { Field, TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { ListField, listOf } from "../../ui/list-field.tsx";

export type ApiKey = Success<"/api/keys", "get">["items"][number];
type Scope = ApiKey["scopes"][number];
type Settings = Required<
  Pick<
    Sent<"/api/keys", "post">,
    "name" | "scopes" | "expiresAt" | "allowedModels" | "allowedAddresses" | "dailyCeiling"
  >
>;

const scopes = Object.keys(keys.scope) as Scope[];
const lifetimesDays = [30, 90, 365];
const dayMs = 86_400_000;
/** In place of a lifetime: the end that the key has. */
const unchanged = "unchanged";

/** What a key is called, may do, and is held to; with those of a key that there is already. */
export function KeyFields({ apiKey = null }: { readonly apiKey?: ApiKey | null }) {
  const given = apiKey?.scopes ?? ["llm"];
  return (
    <>
      <TextField
        label={keys.name}
        hint={keys.nameHint}
        name="name"
        defaultValue={apiKey?.name}
        required
        maxLength={100}
      />
      <fieldset className="stack tight">
        <legend className="legend">{keys.scopes}</legend>
        {scopes.map((scope) => (
          <label key={scope} className="check">
            <input type="checkbox" name="scope" value={scope} defaultChecked={given.includes(scope)} />
            {keys.scope[scope]}
          </label>
        ))}
      </fieldset>
      <Field label={keys.expires}>
        {(field) => (
          <select {...field} name="days" className="input" defaultValue={apiKey?.expiresAt == null ? "0" : unchanged}>
            {apiKey?.expiresAt != null && <option value={unchanged}>{keys.sameEnd}</option>}
            <option value="0">{keys.never}</option>
            {lifetimesDays.map((days) => (
              <option key={days} value={days}>
                {keys.inDays(days)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <details open={apiKey !== null && isRestricted(apiKey)}>
        <summary>{keys.restrictions}</summary>
        <div className="stack under">
          <CeilingField hint={ceilings.keyHint} value={apiKey?.dailyCeiling} />
          <ListField label={keys.models} hint={keys.modelsHint} name="models" lines={apiKey?.allowedModels ?? []} />
          <ListField
            label={keys.addresses}
            hint={keys.addressesHint}
            name="addresses"
            lines={apiKey?.allowedAddresses ?? []}
          />
        </div>
      </details>
    </>
  );
}

export const isRestricted = ({ allowedModels, allowedAddresses, dailyCeiling, orgDailyCeiling }: ApiKey): boolean =>
  [allowedModels, allowedAddresses, dailyCeiling, orgDailyCeiling].some((one) => one !== null);

function endOf(form: FormData, apiKey: ApiKey | null): string | null {
  const chosen = textOf(form, "days");
  if (chosen === unchanged) return apiKey?.expiresAt ?? null;
  return chosen === "0" ? null : new Date(Date.now() + Number(chosen) * dayMs).toISOString();
}

/** What the fields say. */
export const settingsOf = (form: FormData, apiKey: ApiKey | null = null): Settings => ({
  name: textOf(form, "name"),
  scopes: scopes.filter((scope) => form.getAll("scope").includes(scope)),
  expiresAt: endOf(form, apiKey),
  allowedModels: listOf(form, "models"),
  allowedAddresses: listOf(form, "addresses"),
  dailyCeiling: ceilingOf(form),
});
