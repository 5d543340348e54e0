import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { auth } from "../../copy/auth.ts";
import { TextField } from "../../ui/field.tsx";
import { Form, textOf } from "../../ui/form.tsx";
import { type AskedMail, MailSent } from "../../ui/mail-sent.tsx";
import { PageHeading } from "../../ui/panel.tsx";

const askForLink = (email: string): Promise<unknown> =>
  bodyOf(api.POST("/api/auth/password-reset", { body: { email } }));

export function Page() {
  const [mail, setMail] = useState<AskedMail | null>(null);
  if (mail !== null) {
    return (
      <div className="narrow">
        <MailSent mail={mail} send={() => askForLink(mail.email)} onOther={() => setMail(null)} />
      </div>
    );
  }
  return (
    <div className="narrow stack loose">
      <PageHeading title={auth.reset.title} lead={auth.reset.lead} />
      <Form
        submit={auth.reset.submit}
        act={async (form) => {
          const asked = { email: textOf(form, "email"), askedMs: Date.now() };
          await askForLink(asked.email);
          setMail(asked);
        }}
      >
        <TextField label={auth.email} name="email" type="email" autoComplete="email" required />
      </Form>
    </div>
  );
}
