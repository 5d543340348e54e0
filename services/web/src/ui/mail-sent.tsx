import { auth } from "../copy/auth.ts";
import { ActButton } from "./act-button.tsx";
import { Button } from "./button.tsx";

interface MailSentProps {
  readonly email: string;
  readonly send: () => Promise<unknown>;
  readonly onOther: () => void;
}

/** After a link was asked for. It never tells whether the address has an account. */
export function MailSent({ email, send, onOther }: MailSentProps) {
  return (
    <div className="stack" role="status">
      <h1>{auth.sent.title}</h1>
      <p>{auth.sent.lead(email)}</p>
      <div className="row">
        <ActButton label={auth.sent.again} act={send} />
        <Button look="quiet" onClick={onOther}>
          {auth.sent.other}
        </Button>
      </div>
    </div>
  );
}
