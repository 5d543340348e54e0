interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** What is written to an address that shall be an account's; `link` confirms it. */
export const newEmailMail = (link: string): MailText => ({
  subject: "Confirm your new email address for Top Dog",
  text: `Confirm that this is the new email address of your Top Dog account, in the browser where you are signed in:\n\n${link}\n\nThe link works once, for an hour. If you did not ask for this, do nothing: nothing has changed.\n`,
});

/** What is written to the address that was an account's before. */
export const oldEmailMail = (link: string): MailText => ({
  subject: "The email address of your Top Dog account has changed",
  text: `Your Top Dog account has another email address now, and this one opens it no more. Every other session was signed out.\n\nIf it was not you who changed it, write to support at once, from this address: ${link}\n`,
});

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
