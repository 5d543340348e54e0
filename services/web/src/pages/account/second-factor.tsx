import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { encode } from "uqr";
import { api, bodyOf } from "../../api/client.ts";
import { withProof } from "../../api/proof.ts";
import { account } from "../../copy/account.ts";
import { states } from "../../copy/site.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/code.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Form, textOf } from "../../ui/form.tsx";
import { Notice, ProblemNotice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";

/** Setting up an authenticator app, and giving it up. */
export function SecondFactor({ isOn }: { readonly isOn: boolean }) {
  const queries = useQueryClient();
  const [recoveryCodes, setRecoveryCodes] = useState<readonly string[] | null>(null);
  const begin = useMutation({ mutationFn: () => withProof(() => bodyOf(api.POST("/api/auth/totp"))) });
  const reload = async (): Promise<void> => {
    await Promise.all(["account", "session"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  const confirm = async (form: FormData): Promise<void> => {
    const answer = await bodyOf(api.POST("/api/auth/totp/confirm", { body: { code: textOf(form, "code") } }));
    setRecoveryCodes(answer.recoveryCodes);
    begin.reset();
    await reload();
  };
  const remove = async (form: FormData): Promise<void> => {
    await bodyOf(api.POST("/api/auth/totp/remove", { body: { code: textOf(form, "code") } }));
    await reload();
  };
  return (
    <Panel title={account.factor} hint={account.factorLead}>
      <div className="stack">
        {isOn ? <Notice>{account.factorOn}</Notice> : <p className="muted">{account.factorOff}</p>}
        {begin.error !== null && <ProblemNotice error={begin.error} />}
        <div className="row">
          {isOn ? (
            <ConfirmButton label={account.remove} title={account.removeTitle} act={remove}>
              <p>{account.removeLead}</p>
              <TextField label={account.code} name="code" autoComplete="one-time-code" required />
            </ConfirmButton>
          ) : (
            <Button size="small" isPending={begin.isPending} onClick={() => begin.mutate()}>
              {account.begin}
            </Button>
          )}
        </div>
      </div>
      {begin.data !== undefined && (
        <Dialog title={account.factor} onClose={() => begin.reset()}>
          <p>{account.scan}</p>
          <QrCode text={begin.data.uri} />
          <p className="small mono wrapped" data-totp-uri>
            {begin.data.uri}
          </p>
          <Form
            submit={account.confirm}
            act={confirm}
            beside={<Button onClick={() => begin.reset()}>{states.cancel}</Button>}
          >
            <TextField label={account.code} name="code" autoComplete="one-time-code" inputMode="numeric" required />
          </Form>
        </Dialog>
      )}
      {recoveryCodes !== null && (
        <Dialog title={account.recovery} onClose={() => setRecoveryCodes(null)}>
          <p>{account.recoveryLead}</p>
          <pre className="code">{recoveryCodes.join("\n")}</pre>
          <div className="dialog-end">
            <CopyButton text={recoveryCodes.join("\n")} />
            <Button look="solid" onClick={() => setRecoveryCodes(null)}>
              {account.done}
            </Button>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}

function QrCode({ text }: { readonly text: string }) {
  const { data, size } = encode(text);
  const squares = data.flatMap((line, y) => line.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={account.qr}>
      <path d={squares.join("")} />
    </svg>
  );
}
