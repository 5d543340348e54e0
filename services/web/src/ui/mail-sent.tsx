import { useQuery } from "@tanstack/react-query";
import { awaitKeptMail, hasKeptMails } from "../api/dev-mails.ts";
import { auth } from "../copy/auth.ts";
import { ActButton } from "./act-button.tsx";
import { Button } from "./button.tsx";
import { Notice } from "./notice.tsx";

export interface AskedMail {
  readonly email: string;
  /** When it was asked for, by this machine's clock. */
  readonly askedMs: number;
}

interface MailSentProps {
  readonly mail: AskedMail;
  readonly send: () => Promise<unknown>;
  readonly onOther: () => void;
}

/** After a link was asked for. It never tells whether the address has an account. */
export function MailSent({ mail, send, onOther }: MailSentProps) {
  return (
    <div className="stack" role="status">
      <h1>{auth.sent.title}</h1>
      <p>{auth.sent.lead(mail.email)}</p>
      <div className="row">
        <ActButton label={auth.sent.again} act={send} />
        <Button look="quiet" onClick={onOther}>
          {auth.sent.other}
        </Button>
      </div>
      {hasKeptMails() && <KeptMail mail={mail} />}
    </div>
  );
}

/** On a developer's machine: the mail itself, since nobody gets it. */
function KeptMail({ mail: { email, askedMs } }: { readonly mail: AskedMail }) {
  const { data: mail } = useQuery({
    queryKey: ["kept-mail", email, askedMs],
    queryFn: ({ signal }) => awaitKeptMail(email, askedMs, signal),
    refetchOnWindowFocus: false,
  });
  if (mail === undefined || mail === null) return null;
  return (
    <Notice
      action={
        <a className="button" data-look="solid" data-size="small" href={mail.link}>
          {auth.sent.open}
        </a>
      }
    >
      {auth.sent.local}
    </Notice>
  );
}
