import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { isProblem } from "../../api/problem.ts";
import { safeNext, signIn } from "../../api/sign-in.ts";
import { auth } from "../../copy/auth.ts";
import { site } from "../../copy/site.ts";
import { TextField } from "../../ui/field.tsx";
import { Form, secretOf, textOf } from "../../ui/form.tsx";
import { PageHeading } from "../../ui/panel.tsx";

export function Page() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [needsCode, setNeedsCode] = useState(false);
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
          await navigate(safeNext(params.get("next")));
        }}
      >
        <TextField label={auth.email} name="email" type="email" autoComplete="username" required />
        <TextField label={auth.password} name="password" type="password" autoComplete="current-password" required />
        {needsCode && (
          <TextField
            label={auth.code}
            hint={auth.codeHint}
            name="code"
            autoComplete="one-time-code"
            inputMode="numeric"
            required
            // It appeared because it is asked for: typing goes on in it.
            ref={(input) => input?.focus()}
          />
        )}
      </Form>
      <p className="row small">
        <Link to="/reset">{auth.signIn.forgot}</Link>
        <span>
          {auth.signIn.none} <Link to="/sign-up">{site.signUp}</Link>
        </span>
      </p>
    </div>
  );
}
