import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { appPaths } from "../src/domain/page-paths.ts";
import { notFoundFile, shellFile, type WrittenPage } from "./write-pages.ts";

/** What the gateway must know to serve the site; `services/gateway/src/store/site.ts` reads it. */
export function describeSite(folder: string, pages: readonly WrittenPage[]): void {
  const description = {
    pages: Object.fromEntries(pages.map(({ path, file }) => [path, file])),
    app: { paths: appPaths, file: shellFile },
    notFound: notFoundFile,
  };
  writeFileSync(join(folder, "site.json"), JSON.stringify(description, null, 2));
}
