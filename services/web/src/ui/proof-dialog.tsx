import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, bodyOf } from "../api/client.ts";
import { isProblem } from "../api/problem.ts";
import { onProofWanted } from "../api/proof.ts";
import { sessionQuery } from "../api/queries.ts";
import { auth } from "../copy/auth.ts";
import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { TextField } from "./field.tsx";
import { Form, secretOf, textOf } from "./form.tsx";

/** Opens when an act needs a fresh proof of who one is; see `api/proof.ts`. */
export function ProofDialog() {
  const queries = useQueryClient();
  const [answer, setAnswer] = useState<((isProved: boolean) => void) | null>(null);
  const [needsCode, setNeedsCode] = useState(false);
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
  return (
    <Dialog title={auth.proof.title} onClose={() => end(false)}>
      <p className="muted">{auth.proof.lead}</p>
      <Form submit={auth.proof.submit} act={prove} beside={<Button onClick={() => end(false)}>{states.cancel}</Button>}>
        <TextField label={auth.password} name="password" type="password" autoComplete="current-password" required />
        {needsCode && (
          <TextField label={auth.code} hint={auth.codeHint} name="code" autoComplete="one-time-code" required />
        )}
      </Form>
    </Dialog>
  );
}
