import type { Sent } from "../../domain/answers.ts";
import { useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { keys } from "../../copy/keys.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { Field, TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";

type Scope = NonNullable<Sent<"/api/keys", "post">["scopes"]>[number];

const scopes = Object.keys(keys.scope) as Scope[];
const lifetimesDays = [30, 90, 365];
const dayMs = 86_400_000;

interface CreateKeyButtonProps {
  readonly orgId: string | null;
  readonly onCreated: (secret: string) => void;
}

export function CreateKeyButton({ orgId, onCreated }: CreateKeyButtonProps) {
  const queries = useQueryClient();
  const create = async (form: FormData): Promise<void> => {
    const days = Number(textOf(form, "days"));
    const body = {
      name: textOf(form, "name"),
      orgId,
      scopes: scopes.filter((scope) => form.getAll("scope").includes(scope)),
      expiresAt: days === 0 ? null : new Date(Date.now() + days * dayMs).toISOString(),
    };
    const { key } = await bodyOf(api.POST("/api/keys", { body }));
    onCreated(key);
    await queries.invalidateQueries({ queryKey: ["keys"] });
  };
  return (
    <ConfirmButton
      label={keys.create}
      title={keys.createTitle}
      look="solid"
      size="normal"
      submitLook="solid"
      submit={keys.create}
      act={create}
    >
      <TextField label={keys.name} hint={keys.nameHint} name="name" required maxLength={100} />
      <fieldset className="stack tight">
        <legend className="legend">{keys.scopes}</legend>
        {scopes.map((scope) => (
          <label key={scope} className="check">
            <input type="checkbox" name="scope" value={scope} defaultChecked={scope === "llm"} />
            {keys.scope[scope]}
          </label>
        ))}
      </fieldset>
      <Field label={keys.expires}>
        {(field) => (
          <select {...field} name="days" className="input" defaultValue="0">
            <option value="0">{keys.never}</option>
            {lifetimesDays.map((days) => (
              <option key={days} value={days}>
                {keys.inDays(days)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </ConfirmButton>
  );
}
