import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { commandFile, runNode } from "./run-tool.ts";

const root = join(import.meta.dirname, "../..");
const config = join(root, ".dependency-cruiser.cjs");

/** One file for each rule that breaks it, beside files that break none. */
const violations: Record<string, Record<string, string>> = {
  "no-cycles": {
    "libs/ring/src/one.ts": 'import { two } from "./two.ts";\nexport const one = () => two;\n',
    "libs/ring/src/two.ts": 'import { one } from "./one.ts";\nexport const two = () => one;\n',
  },
  "no-orphan-resolution": { "libs/ring/src/lost.ts": 'import "./nowhere.ts";\n' },
  "libs-never-import-services": { "libs/ring/src/up.ts": 'import "../../../services/shop/src/domain/price.ts";\n' },
  "no-service-imports-another": { "services/till/src/app.ts": 'import "../../shop/src/domain/price.ts";\n' },
  "only-proofs-drive-services": { "e2e/support/price.ts": 'import "../../services/shop/src/domain/price.ts";\n' },
  "proofs-are-above-all": { "services/shop/src/domain/proven.ts": 'import "../../../../proofs/support/proof.ts";\n' },
  "contracts-is-a-leaf": { "libs/contracts/src/fact.ts": 'import "../../ring/src/fine.ts";\n' },
  "dialects-are-pure": {
    "libs/dialects/src/clock.ts": 'import { hrtime } from "node:process";\nexport const now = hrtime;\n',
  },
  "dialects-do-not-meet": { "libs/dialects/src/first/request.ts": 'import "../second/request.ts";\n' },
  "wire-formats-stay-in-dialects": {
    "services/shop/src/clients/call.ts": 'import "../../../../libs/dialects/src/second/request.ts";\n',
  },
  "domain-is-pure": {
    "services/shop/src/domain/reads-disk.ts":
      'import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n',
  },
  "usecases-know-no-edge": {
    "services/shop/src/usecases/sell.ts": 'import "../routes/get-price.ts";\n',
    "services/shop/src/usecases/sweep.ts": 'import "../jobs/sweep.ts";\n',
  },
  "adapters-know-no-usecase": {
    "services/shop/src/store/rows.ts": 'import type { Buy } from "../usecases/buy.ts";\nexport type Row = Buy;\n',
  },
  "edges-know-no-adapter-internals": {
    "services/shop/src/routes/get-price.ts": 'import "../config.ts";\n',
    "services/shop/src/jobs/sweep.ts": 'import "../config.ts";\n',
    "services/shop/src/responders/answer-price.ts": 'import "../config.ts";\n',
    "services/shop/src/broadcasts/on-price-changed.ts": 'import "../config.ts";\n',
  },
  "pages-do-not-meet": { "services/web/src/pages/one/one-page.tsx": 'import "../two/two-page.tsx";\n' },
  "the-browser-gets-no-server-code": {
    "services/web/src/api/price.ts": 'import "../../../shop/src/domain/price.ts";\n',
  },
  "sources-never-import-tests": { "services/shop/src/app.ts": 'import "../test/fixture.ts";\n' },
};
const innocent: Record<string, string> = {
  "package.json": '{ "type": "module" }',
  "libs/ring/src/fine.ts": "export const fine = 1;\n",
  "libs/dialects/src/second/request.ts": "export const request = 1;\n",
  "services/shop/src/domain/price.ts": "export const price = 1;\n",
  "services/shop/src/usecases/buy.ts": 'import { price } from "../domain/price.ts";\nexport type Buy = typeof price;\n',
  "services/shop/src/config.ts": "export const config = 1;\n",
  "services/web/src/pages/two/two-page.tsx": "export const Page = 2;\n",
  "services/shop/test/fixture.ts": "export const fixture = 1;\n",
  "proofs/support/proof.ts": 'import "../../services/shop/src/domain/price.ts";\nexport const proof = 1;\n',
};

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
  };
}

const repository = mkdtempSync(join(tmpdir(), "topdog-imports-"));
let found: Report["summary"]["violations"] = [];

beforeAll(async () => {
  for (const [path, text] of Object.entries(
    Object.assign({}, innocent, ...Object.values(violations)) as Record<string, string>,
  )) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  const command = commandFile(root, "dependency-cruiser");
  const { output } = await runNode(
    [command, "--config", config, "--output-type", "json", "libs", "services", "proofs", "e2e"],
    repository,
  );
  found = (JSON.parse(output) as Report).summary.violations;
});
afterAll(() => rmSync(repository, { recursive: true }));

test.each(Object.entries(violations))("the imports gate catches a violation of %s", (rule, files) => {
  const from = found.filter((one) => one.rule.name === rule).map((one) => one.from);
  expect(from).toEqual(
    expect.arrayContaining(rule === "no-cycles" ? Object.keys(files).slice(0, 1) : Object.keys(files)),
  );
});

test("the imports gate reports no file that breaks no rule", () => {
  expect(found.map((one) => one.from).filter((path) => path in innocent)).toEqual([]);
});

test("every rule of the configuration has a planted violation", () => {
  const { forbidden } = createRequire(import.meta.url)(config) as { forbidden: { name: string }[] };
  expect(Object.keys(violations).toSorted()).toEqual(forbidden.map((rule) => rule.name).toSorted());
});
