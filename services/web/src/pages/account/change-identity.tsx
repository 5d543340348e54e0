import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { account } from "../../copy/account.ts";
import type { AccountView } from "../../domain/answers.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Notice } from "../../ui/notice.tsx";

const maxNameLength = 100;

/** Another name, and another address, which counts once the link that is mailed to it is followed. */
export function ChangeIdentity({ view }: { readonly view: AccountView }) {
  const queries = useQueryClient();
  const [mailedTo, setMailedTo] = useState<string | null>(null);
  return (
    <>
      <div className="row">
        <ConfirmButton
          label={account.changeName}
          title={account.changeName}
          look="line"
          submitLook="solid"
          act={async (form) => {
            const name = textOf(form, "name");
            await bodyOf(api.PATCH("/api/auth/account", { body: { name: name === "" ? null : name } }));
            await Promise.all(["account", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
          }}
        >
          <TextField
            label={account.name}
            name="name"
            autoComplete="name"
            defaultValue={view.name ?? ""}
            maxLength={maxNameLength}
          />
        </ConfirmButton>
        <ConfirmButton
          label={account.changeEmail}
          title={account.changeEmail}
          look="line"
          submitLook="solid"
          act={async (form) => {
            const { email } = await bodyOf(
              api.POST("/api/auth/email-change", { body: { email: textOf(form, "email") } }),
            );
            setMailedTo(email);
          }}
        >
          <p>{account.changeEmailLead}</p>
          <TextField label={account.newEmail} name="email" type="email" autoComplete="email" required />
        </ConfirmButton>
      </div>
      {mailedTo !== null && <Notice tone="good">{account.mailedTo(mailedTo)}</Notice>}
    </>
  );
}
