import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, bodyOf } from "../api/client.ts";
import { canUsePasskeys, signInByPasskey } from "../api/passkeys.ts";
import { isProblem } from "../api/problem.ts";
import { onProofWanted } from "../api/proof.ts";
import { accountQuery, methodsQuery } from "../api/queries.ts";
import { sessionQuery } from "../api/session-query.ts";
import { auth } from "../copy/auth.ts";
import { states } from "../copy/site.ts";
import { ActButton } from "./act-button.tsx";
import { Button, ButtonLink } from "./button.tsx";
import { CodeField } from "./code-field.tsx";
import { Dialog } from "./dialog.tsx";
import { TextField } from "./field.tsx";
import { Form, secretOf, textOf } from "./form.tsx";
import { ProviderButton } from "./provider-button.tsx";

/** Opens when an act needs a fresh proof of who one is; see `api/proof.ts`. */
export function ProofDialog() {
  const queries = useQueryClient();
  const [answer, setAnswer] = useState<((isProved: boolean) => void) | null>(null);
  const [needsCode, setNeedsCode] = useState(false);
  const account = useQuery({ ...accountQuery, enabled: answer !== null });
  useEffect(
    () =>
      onProofWanted(() => {
        setNeedsCode(false);
        return new Promise<boolean>((resolve) => setAnswer(() => resolve));
      }),
    [],
  );
  if (answer === null) return null;
  const end = (isProved: boolean): void => {
    setAnswer(null);
    answer(isProved);
  };
  const prove = async (form: FormData): Promise<void> => {
    const code = textOf(form, "code");
    const body = { password: secretOf(form, "password"), ...(code === "" ? {} : { code }) };
    try {
      queries.setQueryData(sessionQuery.queryKey, await bodyOf(api.POST("/api/auth/reauthenticate", { body })));
      end(true);
    } catch (error) {
      if (!isProblem(error, "second_factor_required") || needsCode) throw error;
      setNeedsCode(true);
    }
  };
  if (account.data?.passwordChangedAt === null)
    return (
      <Dialog title={auth.proof.title} onClose={() => end(false)}>
        <WithoutPassword onProved={() => end(true)} />
        <div className="dialog-end">
          <Button onClick={() => end(false)}>{states.cancel}</Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={auth.proof.title} onClose={() => end(false)}>
      <p className="muted">{auth.proof.lead}</p>
      <Form submit={auth.proof.submit} act={prove} beside={<Button onClick={() => end(false)}>{states.cancel}</Button>}>
        <TextField label={auth.password} name="password" type="password" autoComplete="current-password" required />
        {needsCode && <CodeField />}
      </Form>
    </Dialog>
  );
}

/** Somebody without a password signs in once more, by what they have: at the provider, who sends them back to this page, or with a passkey. */
function WithoutPassword({ onProved }: { readonly onProved: () => void }) {
  const queries = useQueryClient();
  const hasProvider = (useQuery(methodsQuery).data?.oidc ?? null) !== null;
  return (
    <>
      <p className="muted">{hasProvider ? auth.proof.noPassword : auth.proof.byMail}</p>
      {hasProvider && <ProviderButton next={location.pathname + location.search} again />}
      <div className="row">
        {canUsePasskeys() && (
          <ActButton
            label={auth.signIn.passkey}
            act={async () => {
              await signInByPasskey(queries);
              onProved();
            }}
          />
        )}
        <ButtonLink to="/reset">{auth.proof.setPassword}</ButtonLink>
      </div>
    </>
  );
}
