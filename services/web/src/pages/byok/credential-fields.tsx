import type { Success } from "../../domain/answers.ts";
import { byok } from "../../copy/byok.ts";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { ListField, listOf } from "../../ui/list-field.tsx";
import { MembersField, membersOf } from "./members-field.tsx";

export type Credential = Success<"/api/byok", "get">["items"][number];
type Restrictions = Pick<Credential, "allowedModels" | "allowedMembers">;

const unrestricted: Restrictions = { allowedModels: null, allowedMembers: null };

interface CredentialFieldsProps {
  /** Null: the person's own. */
  readonly orgId: string | null;
  readonly credential?: Credential | null;
}

/** What a credential is called, and which calls may use it; with those of one that there is already. */
export function CredentialFields({ orgId, credential = null }: CredentialFieldsProps) {
  const { allowedModels, allowedMembers } = credential ?? unrestricted;
  return (
    <>
      <TextField
        label={byok.label}
        hint={byok.labelHint}
        name="label"
        defaultValue={credential?.label}
        required={credential !== null}
        maxLength={100}
      />
      <details open={allowedModels !== null || allowedMembers !== null}>
        <summary>{orgId === null ? byok.restrictions : byok.orgRestrictions}</summary>
        <div className="stack under">
          <ListField label={byok.models} hint={byok.modelsHint} name="models" lines={allowedModels ?? []} />
          {orgId !== null && <MembersField orgId={orgId} given={allowedMembers} />}
        </div>
      </details>
    </>
  );
}

const isSame = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
  JSON.stringify(a?.toSorted() ?? null) === JSON.stringify(b?.toSorted() ?? null);

/** What the fields say that is otherwise than before. A list that nobody is left on may stay so, and is none that can be sent. */
export function restrictionsOf(form: FormData, credential: Restrictions = unrestricted): Partial<Restrictions> {
  const allowedModels = listOf(form, "models");
  const allowedMembers = membersOf(form);
  return {
    ...(isSame(allowedModels, credential.allowedModels) ? {} : { allowedModels }),
    ...(isSame(allowedMembers, credential.allowedMembers) ? {} : { allowedMembers }),
  };
}

/** Left out where the field is empty: a credential is called something then. */
export function labelOf(form: FormData): { readonly label?: string } {
  const label = textOf(form, "label");
  return label === "" ? {} : { label };
}
