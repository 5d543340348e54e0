import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { isProblem } from "../../api/problem.ts";
import { signIn } from "../../api/sign-in.ts";
import { auth } from "../../copy/auth.ts";
import { site } from "../../copy/site.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Form, secretOf } from "../../ui/form.tsx";
import { useLinkToken } from "../../ui/link-token.ts";
import { NewPasswordField } from "../../ui/new-password-field.tsx";
import { firstPage, useNext } from "../../ui/next-page.ts";
import { PageHeading } from "../../ui/panel.tsx";

export function Page() {
  const token = useLinkToken();
  const [isSet, setSet] = useState(false);
  if (isSet)
    return <Then title={auth.setPassword.done} lead={auth.setPassword.doneAdvice} to="/sign-in" go={site.signIn} />;
  if (token !== null) return <SetPassword token={token} onSet={() => setSet(true)} />;
  const { noToken, noTokenAdvice, newLink } = auth.setPassword;
  return <Then title={noToken} lead={noTokenAdvice} to="/reset" go={newLink} />;
}

interface ThenProps {
  readonly title: string;
  readonly lead: string;
  readonly to: string;
  readonly go: string;
}

const Then = ({ title, lead, to, go }: ThenProps) => (
  <div className="narrow stack">
    <PageHeading title={title} lead={lead} />
    <div>
      <ButtonLink to={to}>{go}</ButtonLink>
    </div>
  </div>
);

interface SetPasswordProps {
  readonly token: string;
  /** The password is set, and somebody is to sign in with it by themselves: with a second factor, or because it did not work here. */
  readonly onSet: () => void;
}

function SetPassword({ token, onSet }: SetPasswordProps) {
  const queries = useQueryClient();
  const { goOn } = useNext(firstPage);
  const [isSpent, setSpent] = useState(false);
  const set = async (form: FormData): Promise<void> => {
    const password = secretOf(form, "password");
    const body = { token, password };
    const { email } = await bodyOf(api.POST("/api/auth/password", { body })).catch((error: unknown) => {
      setSpent(isProblem(error, "invalid_link"));
      throw error;
    });
    // The link is spent by now: whatever comes in between, the password is the new one.
    const isIn = await signIn(queries, { email, password, code: "" }).then(
      () => true,
      () => false,
    );
    await (isIn ? goOn() : onSet());
  };
  return (
    <div className="narrow stack loose">
      <PageHeading title={auth.setPassword.title} />
      <Form
        submit={auth.setPassword.submit}
        act={set}
        beside={isSpent && <ButtonLink to="/reset">{auth.setPassword.newLink}</ButtonLink>}
      >
        <NewPasswordField />
      </Form>
    </div>
  );
}
