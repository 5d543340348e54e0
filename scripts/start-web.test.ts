import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { freePort } from "@topdog/local-stack/free-port";
import type { ManagedProcess } from "@topdog/local-stack/process";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { watchesWeb, watchOptions } from "./start-watch.ts";
import { serveWebSources } from "./start-web.ts";

describe("the web app from its sources", () => {
  const gateway = createServer((asked, answer) =>
    answer.end(`the gateway heard ${asked.url} at ${asked.headers.host}`),
  );
  const folder = makeScratchFolder("start-web");
  let port = 0;
  let web: ManagedProcess;

  beforeAll(async () => {
    await new Promise<void>((listening) => gateway.listen(0, "127.0.0.1", listening));
    port = await freePort("127.0.0.1");
    const { port: gatewayPort } = gateway.address() as AddressInfo;
    web = await serveWebSources(`http://127.0.0.1:${gatewayPort}`, port, join(folder, "web.log"));
  });
  afterAll(async () => {
    await web?.stop();
    gateway.close();
    await rm(folder, { recursive: true, force: true });
  });
  const read = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

  test("is served as it is written, at every page's path", async () => {
    expect(await read("/src/routes.tsx")).toContain("/src/pages/");
    expect(await read("/dashboard?orgId=org_1")).toContain("/src/client.tsx");
  });

  test("asks the gateway for all else, which sees the page's own host", async () => {
    expect(await read("/api/tiers")).toBe(`the gateway heard /api/tiers at 127.0.0.1:${port}`);
  });
});

test("--service chooses what restarts: one service, the web app alone, or all", () => {
  const flags = { watch: true, inspect: "" };
  expect(watchOptions({ ...flags, service: "quota" }).watched).toEqual(["quota"]);
  expect(watchOptions({ ...flags, service: "web" }).watched).toEqual([]);
  expect(watchOptions({ ...flags, service: "all" }).watched).toContain("gateway");
  expect(["all", "web", "quota"].map((service) => watchesWeb({ ...flags, service }))).toEqual([true, true, false]);
  expect(watchesWeb({ ...flags, watch: false, service: "all" })).toBe(false);
});
