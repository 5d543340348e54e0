import { useState } from "react";
import { Link } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { auth } from "../../copy/auth.ts";
import { site } from "../../copy/site.ts";
import { TextField } from "../../ui/field.tsx";
import { Form, textOf } from "../../ui/form.tsx";
import { type AskedMail, MailSent } from "../../ui/mail-sent.tsx";
import { firstPage, useNext } from "../../ui/next-page.ts";
import { PageHeading } from "../../ui/panel.tsx";
import { ProviderButton } from "../../ui/provider-button.tsx";

const askForLink = (email: string): Promise<unknown> => bodyOf(api.POST("/api/auth/sign-up", { body: { email } }));

export function Page() {
  const [mail, setMail] = useState<AskedMail | null>(null);
  const { next } = useNext(firstPage);
  if (mail !== null) {
    return (
      <div className="narrow">
        <MailSent mail={mail} send={() => askForLink(mail.email)} onOther={() => setMail(null)} />
      </div>
    );
  }
  return (
    <div className="narrow stack loose">
      <PageHeading title={auth.signUp.title} lead={auth.signUp.lead} />
      <Form
        submit={auth.signUp.submit}
        act={async (form) => {
          const asked = { email: textOf(form, "email"), askedMs: Date.now() };
          await askForLink(asked.email);
          setMail(asked);
        }}
      >
        <TextField label={auth.email} name="email" type="email" autoComplete="email" required />
      </Form>
      <p className="small">
        {auth.signUp.have} <Link to="/sign-in">{site.signIn}</Link>
      </p>
      <ProviderButton next={next} />
    </div>
  );
}
