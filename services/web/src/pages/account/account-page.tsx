import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { accountQuery } from "../../api/queries.ts";
import { sessionQuery } from "../../api/session-query.ts";
import { account } from "../../copy/account.ts";
import type { AccountView } from "../../domain/answers.ts";
import { formatDate } from "../../domain/format.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { AuditLog } from "../../ui/audit-log.tsx";
import { secretOf } from "../../ui/form.tsx";
import { NewPasswordField } from "../../ui/new-password-field.tsx";
import { PageHeading, Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { ChangeIdentity } from "./change-identity.tsx";
import { Identities } from "./identities.tsx";
import { Passkeys } from "./passkeys.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { Sessions } from "./sessions.tsx";

export function Page() {
  const query = useQuery(accountQuery);
  return (
    <>
      <PageHeading title={account.title} />
      <Loaded query={query}>
        {(view) => (
          <div className="panels">
            <Identity view={view} />
            <SecondFactor isOn={view.hasAuthenticator} />
          </div>
        )}
      </Loaded>
      <Identities />
      <Passkeys />
      <Sessions />
      <AuditLog orgId={null} />
    </>
  );
}

function Identity({ view }: { readonly view: AccountView }) {
  const queries = useQueryClient();
  const { email, name, createdAt, passwordChangedAt } = view;
  const change = async (form: FormData): Promise<void> => {
    const body = { newPassword: secretOf(form, "password") };
    const session = await bodyOf(api.POST("/api/auth/change-password", { body }));
    queries.setQueryData(sessionQuery.queryKey, session);
    await Promise.all(["account", "sessions", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  return (
    <Panel title={account.email}>
      <div className="stack">
        {name !== null && <p>{name}</p>}
        <p className="email">{email}</p>
        <p className="small muted">
          {account.since(formatDate(createdAt))}{" "}
          {passwordChangedAt !== null && account.passwordSince(formatDate(passwordChangedAt))}
        </p>
        <ChangeIdentity view={view} />
        <div>
          <ConfirmButton
            label={passwordChangedAt === null ? account.firstPassword : account.newPassword}
            title={passwordChangedAt === null ? account.firstPassword : account.newPassword}
            look="line"
            submitLook="solid"
            act={change}
          >
            <p>{account.newPasswordLead}</p>
            <NewPasswordField />
          </ConfirmButton>
        </div>
      </div>
    </Panel>
  );
}
