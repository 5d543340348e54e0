import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { sessionQuery } from "../../api/session-query.ts";
import { auth } from "../../copy/auth.ts";
import { site } from "../../copy/site.ts";
import { ActButton } from "../../ui/act-button.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { useLinkToken } from "../../ui/link-token.ts";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

const { confirmEmail } = auth;

export function Page() {
  const token = useLinkToken();
  const session = useQuery(sessionQuery);
  return (
    <div className="narrow stack loose">
      <PageHeading title={confirmEmail.title} />
      {token === null ? (
        <Notice tone="warn">{confirmEmail.noToken}</Notice>
      ) : (
        <Loaded query={session}>{(who) => (who === null ? <SignInFirst /> : <Confirm token={token} />)}</Loaded>
      )}
    </div>
  );
}

function SignInFirst() {
  return (
    <div className="stack">
      <p>{confirmEmail.signInFirst}</p>
      <div>
        <ButtonLink look="solid" to="/sign-in">
          {site.signIn}
        </ButtonLink>
      </div>
    </div>
  );
}

function Confirm({ token }: { readonly token: string }) {
  const queries = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => bodyOf(api.POST("/api/auth/email-change/confirm", { body: { token } })),
    onSuccess: async (session) => {
      queries.setQueryData(sessionQuery.queryKey, session);
      await Promise.all(["account", "sessions", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
  });
  if (confirm.data !== undefined) {
    return (
      <Notice tone="good" action={<ButtonLink to="/account">{confirmEmail.go}</ButtonLink>}>
        {confirmEmail.done(confirm.data.email)}
      </Notice>
    );
  }
  return (
    <div className="stack">
      <p>{confirmEmail.lead}</p>
      <div>
        <ActButton label={confirmEmail.submit} look="solid" act={() => confirm.mutateAsync()} />
      </div>
    </div>
  );
}
