import { useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { byok, providers } from "../../copy/byok.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { CredentialFields, labelOf, restrictionsOf } from "./credential-fields.tsx";

export function AddCredentialButton({ orgId }: { readonly orgId: string | null }) {
  const queries = useQueryClient();
  const listId = useId();
  const add = async (form: FormData): Promise<void> => {
    const body = {
      provider: textOf(form, "provider"),
      key: textOf(form, "key"),
      ...labelOf(form),
      ...restrictionsOf(form),
      ...(orgId === null ? {} : { orgId }),
    };
    await bodyOf(api.POST("/api/byok", { body }));
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["byok"] }),
      queries.invalidateQueries({ queryKey: ["audit"] }),
    ]);
  };
  return (
    <ConfirmButton
      label={byok.add}
      title={byok.addTitle}
      look="solid"
      size="normal"
      submitLook="solid"
      submit={byok.add}
      act={add}
    >
      <TextField
        label={byok.provider}
        hint={byok.providerHint}
        name="provider"
        list={listId}
        pattern="[a-z0-9\-]{1,40}"
        autoComplete="off"
        required
      />
      <datalist id={listId}>
        {providers.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </datalist>
      <TextField label={byok.key} hint={byok.keyHint} name="key" type="password" autoComplete="off" mono required />
      <CredentialFields orgId={orgId} />
    </ConfirmButton>
  );
}
