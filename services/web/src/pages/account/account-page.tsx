import type { SessionView } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { sessionQuery } from "../../api/queries.ts";
import { account } from "../../copy/account.ts";
import { formatDateTime } from "../../domain/format.ts";
import { AuditLog } from "../../ui/audit-log.tsx";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { PageHeading, Panel } from "../../ui/panel.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { Sessions } from "./sessions.tsx";

export function Page() {
  const session = useQuery(sessionQuery).data;
  if (session === undefined || session === null) return null;
  return (
    <>
      <PageHeading title={account.title} />
      <div className="panels">
        <Identity session={session} />
        <SecondFactor hasShownIt={session.secondFactorAt !== null} />
      </div>
      <Sessions />
      <AuditLog orgId={null} />
    </>
  );
}

function Identity({ session }: { readonly session: SessionView }) {
  const { email, createdAt } = session;
  return (
    <Panel title={account.email}>
      <div className="stack">
        <p className="email">{email}</p>
        <p className="small muted">
          {account.since} {formatDateTime(createdAt)}
        </p>
        <div>
          <ConfirmButton
            label={account.newPassword}
            title={account.newPassword}
            look="line"
            submitLook="solid"
            act={() => bodyOf(api.POST("/api/auth/password-reset", { body: { email } }))}
          >
            <p>{account.newPasswordLead}</p>
          </ConfirmButton>
        </div>
      </div>
    </Panel>
  );
}
