interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** What a person is written who asked for it; `link` lets them set a password. */
export function mailOf(kind: "sign_up" | "password_reset", hasPassword: boolean, link: string): MailText {
  const end = `The link works once, for an hour. If you did not ask for this, do nothing: nothing has changed.`;
  if (kind === "sign_up" && !hasPassword) {
    const text = `Welcome to Top Dog. Choose your password here:\n\n${link}\n\n${end}\n`;
    return { subject: "Finish signing up to Top Dog", text };
  }
  const why = kind === "sign_up" ? "You already have an account with this address. " : "";
  const text = `${why}Sign in with your password, or set a new one here:\n\n${link}\n\n${end}\n`;
  return { subject: "Set a new password for Top Dog", text };
}
