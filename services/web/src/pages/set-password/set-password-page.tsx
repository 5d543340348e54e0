import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { isProblem } from "../../api/problem.ts";
import { signIn } from "../../api/sign-in.ts";
import { auth } from "../../copy/auth.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { Form, secretOf } from "../../ui/form.tsx";
import { useLinkToken } from "../../ui/link-token.ts";
import { PageHeading } from "../../ui/panel.tsx";

const leastLength = 10;

export function Page() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const token = useLinkToken();
  if (token === null) {
    return (
      <div className="narrow stack">
        <PageHeading title={auth.setPassword.noToken} lead={auth.setPassword.noTokenAdvice} />
        <div>
          <ButtonLink to="/reset">{auth.setPassword.newLink}</ButtonLink>
        </div>
      </div>
    );
  }
  return (
    <div className="narrow stack loose">
      <PageHeading title={auth.setPassword.title} />
      <Form
        submit={auth.setPassword.submit}
        act={async (form) => {
          const password = secretOf(form, "password");
          const { email } = await bodyOf(api.POST("/api/auth/password", { body: { token, password } }));
          try {
            await signIn(queries, { email, password, code: "" });
          } catch (error) {
            if (!isProblem(error, "second_factor_required")) throw error;
            await navigate("/sign-in");
            return;
          }
          await navigate("/welcome");
        }}
      >
        <TextField
          label={auth.newPassword}
          hint={auth.passwordHint}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={leastLength}
          required
        />
      </Form>
    </div>
  );
}
