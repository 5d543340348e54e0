import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { canUsePasskeys, signInByPasskey } from "../../api/passkeys.ts";
import { isProblem } from "../../api/problem.ts";
import { signIn } from "../../api/sign-in.ts";
import { auth } from "../../copy/auth.ts";
import { site } from "../../copy/site.ts";
import { ActButton } from "../../ui/act-button.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { TextField } from "../../ui/field.tsx";
import { Form, secretOf, textOf } from "../../ui/form.tsx";
import { ProviderButton } from "../../ui/provider-button.tsx";
import { useNext } from "../../ui/next-page.ts";
import { useInBrowser } from "../../ui/in-browser.ts";
import { PageHeading } from "../../ui/panel.tsx";

export function Page() {
  const queries = useQueryClient();
  const [needsCode, setNeedsCode] = useState(false);
  const mayUsePasskey = useInBrowser(canUsePasskeys, false);
  const { next, goOn } = useNext("/dashboard");
  return (
    <div className="narrow stack loose">
      <PageHeading title={auth.signIn.title} />
      <Form
        submit={auth.signIn.submit}
        act={async (form) => {
          const given = {
            email: textOf(form, "email"),
            password: secretOf(form, "password"),
            code: textOf(form, "code"),
          };
          try {
            await signIn(queries, given);
          } catch (error) {
            if (!isProblem(error, "second_factor_required") || needsCode) throw error;
            setNeedsCode(true);
            return;
          }
          await goOn();
        }}
      >
        <TextField label={auth.email} name="email" type="email" autoComplete="username" required />
        <TextField label={auth.password} name="password" type="password" autoComplete="current-password" required />
        {needsCode && <CodeField />}
      </Form>
      <div className="stack tight">
        {mayUsePasskey && <p className="small muted or">{auth.signIn.or}</p>}
        {mayUsePasskey && (
          <ActButton
            label={auth.signIn.passkey}
            act={async () => {
              await signInByPasskey(queries);
              await goOn();
            }}
          />
        )}
        <ProviderButton next={next} />
      </div>
      <p className="row small">
        <Link to="/reset">{auth.signIn.forgot}</Link>
        <span>
          {auth.signIn.none} <Link to="/sign-up">{site.signUp}</Link>
        </span>
      </p>
    </div>
  );
}
