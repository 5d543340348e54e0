import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const keptMailSchema = z.object({ to: z.string(), subject: z.string(), text: z.string(), link: z.string() });

export interface KeptMail extends z.infer<typeof keptMailSchema> {
  readonly at: Date;
}

/** Mails that were kept in the folder instead of being sent, the newest first. */
export async function readKeptMails(folder: string, to: string | undefined, most: number): Promise<KeptMail[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+-.*\.json$/.test(name));
  const mails: KeptMail[] = [];
  for (const name of names.toSorted().toReversed()) {
    // The oldest are removed meanwhile.
    const text = await readFile(join(folder, name), "utf8").catch(() => null);
    if (text === null) continue;
    const mail = keptMailSchema.parse(JSON.parse(text));
    if (to === undefined || mail.to === to) mails.push({ ...mail, at: new Date(Number.parseInt(name, 10)) });
    if (mails.length === most) break;
  }
  return mails;
}
