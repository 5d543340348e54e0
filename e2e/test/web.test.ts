import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { freePort } from "@topdog/local-stack/free-port";
import { startStack } from "@topdog/local-stack/stack";
import { startOidcProvider } from "@topdog/testing/oidc-provider";
import { launchBrowser } from "../support/web/chromium.ts";
import type { Here } from "../support/web/here.ts";
import { artefacts, takeScreenshots } from "../support/web/screenshots.ts";
import { newPerson } from "../support/web/site.ts";
import { tellOfAnAccount } from "../support/web/stories/account.ts";
import { tellOfErrors } from "../support/web/stories/errors.ts";
import { tellOfFigures } from "../support/web/stories/figures.ts";
import { tellOfTheFirstCall } from "../support/web/stories/first-call.ts";
import { tellOfInterruptions } from "../support/web/stories/interruptions.ts";
import { tellOfLongNames } from "../support/web/stories/long-names.ts";
import { tellOfMoney } from "../support/web/stories/money.ts";
import { tellOfAnOperator } from "../support/web/stories/operator.ts";
import { tellOfAnOrg } from "../support/web/stories/org.ts";
import { tellOfAProvider } from "../support/web/stories/provider.ts";
import { tellOfProviderKeys } from "../support/web/stories/provider-keys.ts";
import { tellOfSigningIn } from "../support/web/stories/sign-in.ts";
import { tellOfAVisitor, tellOfTheRegulatedLineup, tellOfTheStatus } from "../support/web/stories/visitor.ts";
import { tellOfWays } from "../support/web/stories/ways.ts";

/** Everybody may open them, and what they say depends on who is signed in. */
const linkedPaths = ["/confirm-email", "/invitation"];

let site: Here;
let dataDir: string;
const here = (): Here => site;

beforeAll(async () => {
  dataDir = makeScratchFolder("web");
  mkdirSync(artefacts, { recursive: true });
  const port = await freePort("127.0.0.1");
  const provider = await startOidcProvider(`http://localhost:${port}`);
  const [stack, browser] = await Promise.all([
    startStack({
      dataDir,
      ports: { gateway: port },
      stripeTwin: true,
      env: { "sandbox-provider": { TTFT_MS: "5", TOKEN_INTERVAL_MS: "1" }, "org-registry": provider.env },
    }),
    launchBrowser(),
  ]);
  const place = { stack, browser, provider };
  site = {
    ...place,
    ada: await newPerson(place, "ada@example.test"),
    bob: await newPerson(place, "bob@example.test"),
  };
});
afterAll(async () => {
  await site?.browser.close();
  await site?.stack.stop();
  await site?.provider.stop();
  await rm(dataDir, { recursive: true, force: true });
});

// One after the other, each on what those before it left: a person's first day, then a team's.
tellOfAVisitor(here);
tellOfErrors(here);
tellOfFigures(here);
tellOfTheFirstCall(here);
tellOfMoney(here);
tellOfProviderKeys(here);
tellOfAnOrg(here);
tellOfWays(here);
tellOfInterruptions(here);
tellOfLongNames(here);
tellOfSigningIn(here);
tellOfAnAccount(here);
tellOfAProvider(here);
tellOfAnOperator(here);
tellOfTheStatus(here);

test("every page of who is signed in fits a desktop and a phone in both themes, without a complaint of axe", async () => {
  const { ada, bob } = site;
  const org = await ada.page.getByRole("option", { name: "Analytical Engines" }).getAttribute("value");
  const inOrg = `?org=${org ?? ""}`;
  const paths = ["/dashboard", "/keys", "/byok", "/billing", "/org"].map((path) => path + inOrg);
  const another = await ada.context.newPage();
  await Promise.all([
    takeScreenshots(ada.page, ["/welcome", "/account", "/dashboard", "/keys", "/billing", "/org"]),
    takeScreenshots(another, paths),
    takeScreenshots(bob.page, [...linkedPaths, "/byok"]),
  ]);
  expect([...ada.complaints, ...bob.complaints]).toEqual([]);
});

tellOfTheRegulatedLineup(here);
