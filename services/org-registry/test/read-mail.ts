import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@topdog/testing/eventually";

export interface KeptMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly link: string;
}

export async function mailsTo(folder: string, address: string): Promise<KeptMail[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".json")).toSorted();
  const mails = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as KeptMail),
  );
  return mails.filter(({ to }) => to === address);
}

/** The token of the `count`-th mail to an address, as soon as it is there. */
export async function mailedToken(folder: string, address: string, count = 1): Promise<string> {
  return eventually(async () => {
    const link = (await mailsTo(folder, address))[count - 1]?.link;
    if (link === undefined) throw new Error(`there is no mail number ${count} to ${address}`);
    return link.split("#token=")[1] ?? "";
  });
}
