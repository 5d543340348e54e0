import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import type { SessionView } from "../../domain/answers.ts";
import {
  type BegunAtProvider,
  endLink,
  endSignIn,
  type ProviderAnswer,
  readBegun,
  takeAnswer,
} from "../../api/oidc.ts";
import { isProblem } from "../../api/problem.ts";
import { safeNext } from "../../api/sign-in.ts";
import { auth } from "../../copy/auth.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { Form, textOf } from "../../ui/form.tsx";
import { takeNext } from "../../ui/next-page.ts";
import { Notice, ProblemNotice } from "../../ui/notice.tsx";
import { PageHeading } from "../../ui/panel.tsx";
import { Loading } from "../../ui/states.tsx";

const { provider: words } = auth;

/** Where the provider sends people back to. */
export function Page() {
  const [answer] = useState(takeAnswer);
  const [begun] = useState(readBegun);
  const isLink = begun.purpose === "link";
  return (
    <div className="narrow stack loose">
      <PageHeading title={isLink ? words.linking : words.title} />
      {answer === null || answer === "declined" ? (
        <Notice tone="warn" action={<Back isLink={isLink} />}>
          {answer === null ? words.noAnswer : words.declined}
        </Notice>
      ) : (
        <End answer={answer} begun={begun} />
      )}
    </div>
  );
}

/** As the server counts it: longer ago is no proof. */
const proofMs = 15 * 60_000;
/** Whether the session that has just begun is a proof of who it is. */
const provedNow = ({ authenticatedAt, createdAt }: SessionView): boolean =>
  authenticatedAt !== null && Date.parse(createdAt) - Date.parse(authenticatedAt) <= proofMs;

const Back = ({ isLink }: { readonly isLink: boolean }) =>
  isLink ? (
    <ButtonLink to="/account">{auth.confirmEmail.go}</ButtonLink>
  ) : (
    <ButtonLink to="/sign-in">{words.back}</ButtonLink>
  );

interface EndProps {
  readonly answer: ProviderAnswer;
  readonly begun: BegunAtProvider;
}

function End({ answer, begun: { purpose, next } }: EndProps) {
  const isLink = purpose === "link";
  const [isUnproved, setUnproved] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const end = useMutation({
    mutationFn: async (code: string) => (isLink ? await endLink(answer) : await endSignIn(queries, answer, code)),
    onSuccess: async (ended) => {
      if (purpose === "prove" && !("authenticatedAt" in ended && provedNow(ended))) setUnproved(true);
      else await navigate(purpose === "sign in" ? safeNext(takeNext(), next) : next);
    },
  });
  const [needsCode, setNeedsCode] = useState(false);
  // An answer counts once.
  const isAsked = useRef(false);
  const { mutateAsync } = end;
  useEffect(() => {
    if (isAsked.current) return;
    isAsked.current = true;
    mutateAsync("").catch((error: unknown) => setNeedsCode(isProblem(error, "second_factor_required")));
  }, [mutateAsync]);
  if (needsCode) {
    return (
      <Form submit={auth.signIn.submit} act={(form) => end.mutateAsync(textOf(form, "code"))}>
        <p>{words.codeLead}</p>
        <CodeField />
      </Form>
    );
  }
  if (isUnproved)
    return (
      <Notice tone="warn" action={<ButtonLink to="/reset">{auth.proof.setPassword}</ButtonLink>}>
        {words.unproved}
      </Notice>
    );
  if (end.error === null) return <Loading />;
  return (
    <div className="stack">
      <ProblemNotice error={end.error} />
      <div>
        <Back isLink={isLink} />
      </div>
    </div>
  );
}
