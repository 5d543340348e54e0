import { insertMailRequest } from "../store/mail-requests.ts";
import type { RegistryDeps } from "./change.ts";
import { limitAttempts, mailLimits } from "./limit-attempts.ts";

/** Notes that somebody asked for a mail, and does the same for every address: an account is looked for only when it is sent. */
export async function askForMail(
  { db, nowMs }: RegistryDeps,
  wanted: { readonly email: string; readonly kind: "sign_up" | "password_reset"; readonly address: string },
): Promise<void> {
  const atMs = nowMs();
  await limitAttempts(db, mailLimits(wanted.email, wanted.address), atMs);
  await insertMailRequest(db, { email: wanted.email, kind: wanted.kind, userId: null }, new Date(atMs));
}
