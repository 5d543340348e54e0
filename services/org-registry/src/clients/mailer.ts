import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The link in the text, for who reads mails by program. */
  readonly link: string;
}

/** Rejects when the mail was not accepted. */
export type SendMail = (mail: Mail) => Promise<void>;

const smtpTimeoutMs = 10_000;
const maxKeptMails = 200;

export interface MailerConfig {
  readonly SMTP_URL?: { reveal(): string } | undefined;
  readonly MAIL_FROM: string;
  readonly MAIL_DIR?: string | undefined;
}

/** Null when neither a server nor a folder is configured. */
export function mailerOf({ SMTP_URL, MAIL_FROM, MAIL_DIR }: MailerConfig, nowMs: () => number): SendMail | null {
  if (SMTP_URL !== undefined) return smtpMailer(SMTP_URL.reveal(), MAIL_FROM);
  return MAIL_DIR === undefined ? null : folderMailer(MAIL_DIR, nowMs);
}

function smtpMailer(smtpUrl: string, from: string): SendMail {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: smtpTimeoutMs,
    greetingTimeout: smtpTimeoutMs,
    socketTimeout: smtpTimeoutMs,
  });
  return async ({ to, subject, text }) => {
    await transport.sendMail({ from, to, subject, text });
  };
}

/** Keeps mails as JSON files instead of sending them, the last 200: for a developer's machine and for tests. */
function folderMailer(folder: string, nowMs: () => number): SendMail {
  let kept = 0;
  return async (mail) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    kept += 1;
    const name = `${nowMs()}-${process.pid}-${String(kept).padStart(6, "0")}.json`;
    const part = join(folder, `.${name}.part`);
    await writeFile(part, JSON.stringify(mail), { mode: 0o600 });
    await rename(part, join(folder, name));
    const names = (await readdir(folder)).filter((one) => one.endsWith(".json")).toSorted();
    for (const old of names.slice(0, -maxKeptMails)) await rm(join(folder, old), { force: true });
  };
}
