import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { sessionQuery } from "../../api/session-query.ts";
import { auth } from "../../copy/auth.ts";
import { site } from "../../copy/site.ts";
import { ActButton } from "../../ui/act-button.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { useLinkToken } from "../../ui/link-token.ts";
import { keepNext } from "../../ui/next-page.ts";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

const { invitation } = auth;

export function Page() {
  const token = useLinkToken();
  const session = useQuery(sessionQuery);
  return (
    <div className="narrow stack loose">
      <PageHeading title={invitation.title} />
      {token === null ? (
        <Notice tone="warn">{invitation.noToken}</Notice>
      ) : (
        <Loaded query={session}>
          {(who) => (who === null ? <SignInFirst token={token} /> : <Offer token={token} />)}
        </Loaded>
      )}
    </div>
  );
}

function SignInFirst({ token }: { readonly token: string }) {
  // Of use to nobody but who has the address that it was sent to.
  useEffect(() => keepNext(`/invitation#token=${token}`), [token]);
  return (
    <div className="stack">
      <p>{invitation.signInFirst}</p>
      <div className="row">
        <ButtonLink look="solid" to="/sign-in">
          {site.signIn}
        </ButtonLink>
        <ButtonLink to="/sign-up">{site.signUp}</ButtonLink>
      </div>
    </div>
  );
}

function Offer({ token }: { readonly token: string }) {
  const queries = useQueryClient();
  const [isDeclined, setDeclined] = useState(false);
  const offer = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => bodyOf(api.POST("/api/invitations/show", { body: { token } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const accept = useMutation({
    mutationFn: () => bodyOf(api.POST("/api/invitations/accept", { body: { token } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["orgs"] }),
  });
  if (isDeclined) return <Notice>{invitation.declined}</Notice>;
  if (accept.data !== undefined) {
    return (
      <Notice
        tone={accept.data.active ? "good" : "warn"}
        action={<ButtonLink to={`/org?org=${accept.data.orgId}`}>{invitation.go}</ButtonLink>}
      >
        {accept.data.active ? invitation.joined : invitation.noSeat}
      </Notice>
    );
  }
  return (
    <Loaded query={offer}>
      {({ orgName, role, email }) => (
        <div className="stack">
          <p>{invitation.lead(orgName, role)}</p>
          <p className="muted">{invitation.to(email)}</p>
          <div className="row">
            <ActButton label={invitation.accept} look="solid" act={() => accept.mutateAsync()} />
            <ActButton
              label={invitation.decline}
              act={async () => {
                await bodyOf(api.POST("/api/invitations/decline", { body: { token } }));
                setDeclined(true);
              }}
            />
          </div>
        </div>
      )}
    </Loaded>
  );
}
