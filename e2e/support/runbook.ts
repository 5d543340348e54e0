import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceName } from "@topdog/contracts/services";
import { request } from "undici";
import { adminQuery } from "./ledger.ts";
import type { Platform } from "./platform.ts";

/** One way to do what a page says: for commands that match, whole. */
export type Way = readonly [command: RegExp, follow: (...groups: string[]) => Promise<unknown>];

export interface Followed {
  readonly command: string;
  readonly said: unknown;
}

const runbooks = fileURLToPath(new URL("../../docs/runbooks/", import.meta.url));
const programs = /^(npm|node|kubectl|curl|psql) /;

/** What a page tells to type, in its order; queries for dashboards are none. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(runbooks, page), "utf8");
  const blocks = [...text.matchAll(/^```\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => block.split("\n")).filter((line) => programs.test(line));
}

/** What means the same on a platform of this machine as in a cluster. */
function waysOf(platform: Platform): Way[] {
  const operator = async (args: string): Promise<string> => platform.topdog(wordsOf(args));
  return [
    // Each router has a spool.
    [
      /^npm run topdog -- (spool --dir )<folder>(.*)$/,
      async (before, after) => {
        const said: string[] = [];
        for (const dir of platform.spoolDirs) said.push(await operator(`${before}${dir}${after}`));
        return said.join("");
      },
    ],
    [/^npm run topdog -- (.*)$/, operator],
    [
      /^curl -s http:\/\/<([\w-]+)>:\d+(\/\S*)$/,
      async (service, path) => {
        const { statusCode, body } = await request(`${platform.opsUrl(service as ServiceName)}${path}`);
        return { status: statusCode, text: await body.text() };
      },
    ],
    [/^psql -c "(.*)"$/, (sql) => adminQuery(platform, sql)],
  ];
}

const wordsOf = (line: string): string[] => line.split(" ").filter((word) => word !== "");

/**
 * Does what a page says, command by command. A command that no way fits fails, so that the page and its test cannot part; so does
 * a way that no command of the page needs.
 */
export async function follow(
  platform: Platform,
  page: string,
  values: Readonly<Record<string, string>>,
  ways: readonly Way[] = [],
): Promise<Followed[]> {
  const followed: Followed[] = [];
  const unused = new Set(ways);
  for (const written of commandsOf(page)) {
    const command = written.replaceAll(/<([\w-]+)>/g, (all, name: string) => values[name] ?? all);
    const way = [...ways, ...waysOf(platform)].find(([pattern]) => pattern.test(command));
    if (way === undefined) throw new Error(`${page} says "${command}", and its test does not know how`);
    unused.delete(way);
    const [, ...groups] = way[0].exec(command) ?? [];
    followed.push({ command: written, said: await way[1](...groups.map((group) => group ?? "")) });
  }
  if (unused.size > 0)
    throw new Error(`${page} does not say ${[...unused].map(([pattern]) => String(pattern)).join(", ")}`);
  return followed;
}
