import { useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { keys } from "../../copy/keys.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { KeyFields, settingsOf } from "./key-fields.tsx";

interface CreateKeyButtonProps {
  readonly orgId: string | null;
  readonly onCreated: (secret: string) => void;
}

export function CreateKeyButton({ orgId, onCreated }: CreateKeyButtonProps) {
  const queries = useQueryClient();
  const create = async (form: FormData): Promise<void> => {
    const { key } = await bodyOf(api.POST("/api/keys", { body: { ...settingsOf(form), orgId } }));
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
      <KeyFields />
    </ConfirmButton>
  );
}
