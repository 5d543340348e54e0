import { mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";

/** Prints each mail that would be sent from now on: where no mail server is configured, org-registry keeps them as files. */
export function printMails(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mailNames = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".json"));
  const seen = new Set(mailNames());
  watch(folder, () => {
    for (const name of mailNames().filter((one) => !seen.has(one))) {
      seen.add(name);
      const { to, subject, link } = JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, string>;
      console.log(`\nmail to ${to}: ${subject}\n  ${link}`);
    }
  }).unref();
}
