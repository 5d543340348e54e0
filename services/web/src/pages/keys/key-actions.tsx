import { useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { ceilings } from "../../copy/ceilings.ts";
import { keys } from "../../copy/keys.ts";
import { states } from "../../copy/site.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { CeilingButton } from "../../ui/ceiling-button.tsx";
import { Field } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { type ApiKey, KeyFields, settingsOf } from "./key-fields.tsx";

interface KeyActionsProps {
  readonly apiKey: ApiKey;
  readonly mayLimit: boolean;
  readonly onRotated: (secret: string) => void;
}

/** Change, rotate, revoke. */
export function KeyActions({ apiKey, mayLimit, onRotated }: KeyActionsProps) {
  const queries = useQueryClient();
  const { id, name, orgId } = apiKey;
  const params = { path: { keyId: id } };
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: ["keys"] });
  const change = async (form: FormData): Promise<void> => {
    await bodyOf(api.PATCH("/api/keys/{keyId}", { params, body: settingsOf(form, apiKey) }));
    await reload();
  };
  const limit = async (dailyCeiling: number | null): Promise<void> => {
    const path = { orgId: orgId ?? "", keyId: id };
    await bodyOf(api.PUT("/api/orgs/{orgId}/keys/{keyId}/ceiling", { params: { path }, body: { dailyCeiling } }));
    await reload();
  };
  const rotate = async (form: FormData): Promise<void> => {
    const body = { overlapSeconds: Number(textOf(form, "overlap")) };
    const { key } = await bodyOf(api.POST("/api/keys/{keyId}/rotate", { params, body }));
    onRotated(key);
    await reload();
  };
  const revoke = async (): Promise<void> => {
    await bodyOf(api.DELETE("/api/keys/{keyId}", { params }));
    await reload();
  };
  return (
    <>
      <ConfirmButton
        label={keys.change}
        title={keys.changeTitle(name)}
        submit={states.save}
        submitLook="solid"
        act={change}
      >
        <KeyFields apiKey={apiKey} />
      </ConfirmButton>
      {mayLimit && <CeilingButton of={name} hint={ceilings.orgKeyHint} value={apiKey.orgDailyCeiling} set={limit} />}
      <ConfirmButton label={keys.rotate} title={keys.rotateTitle(name)} submitLook="solid" act={rotate}>
        <p>{keys.rotateLead}</p>
        <Field label={keys.overlap}>
          {(field) => (
            <select {...field} name="overlap" className="input" defaultValue="3600">
              {Object.entries(keys.overlaps).map(([seconds, label]) => (
                <option key={seconds} value={seconds}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      </ConfirmButton>
      <ConfirmButton label={keys.revoke} title={keys.revokeTitle(name)} act={revoke}>
        <p>{keys.revokeLead}</p>
      </ConfirmButton>
    </>
  );
}
