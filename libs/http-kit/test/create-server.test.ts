import { execFile } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createHttpServer } from "@topdog/http-kit/create-server";
import express, { type Express } from "express";
import { closeServed, serve } from "./served.ts";

const run = promisify(execFile);
const fastObjects = new URL("./fast-objects-process.ts", import.meta.url);

afterEach(closeServed);

function sampleApp(): Express {
  const app = express();
  app.get("/params/:id", (req, res) => {
    res.json({ params: req.params, query: req.query, host: req.hostname, accepts: req.accepts("json"), ip: req.ip });
  });
  app.post("/json", express.json(), (req, res) => {
    res.status(201).json({ got: req.body as unknown });
  });
  app.get("/redirect", (_req, res) => {
    res.redirect("/params/1");
  });
  app.get("/type", (_req, res) => {
    res.cookie("a", "b").type("html").send("<p>hi</p>");
  });
  app.get("/async", async () => {
    await Promise.resolve();
    throw new Error("late");
  });
  const router = express.Router();
  router.get("/inner", (req, res) => {
    res.json({ baseUrl: req.baseUrl, url: req.url, original: req.originalUrl });
  });
  app.use("/outer", router);
  app.use((error: Error, _req: unknown, res: ServerResponse, _next: unknown) => {
    res.statusCode = 500;
    res.end(error.message);
  });
  return app;
}

async function observe(origin: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(`${origin}${path}`, { redirect: "manual", ...init });
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== "date" && name !== "keep-alive"));
  return { status: answer.status, headers, body: await answer.text() };
}

const post = (body: string): RequestInit => ({ method: "POST", body, headers: { "content-type": "application/json" } });
const cases: [string, string, RequestInit][] = [
  ["params and query", "/params/a%20b?x=1&y=2&y=3", {}],
  ["a json body", "/json", post('{"a":[1,2]}')],
  ["a malformed json body", "/json", post("{")],
  ["a redirect", "/redirect", {}],
  ["a cookie and a content type", "/type", {}],
  ["an asynchronous error", "/async", {}],
  ["a mounted router", "/outer/inner?z=1", {}],
  ["an unknown path", "/nowhere", {}],
  ["a HEAD request", "/type", { method: "HEAD" }],
];

describe("a server with the app's own constructors", () => {
  test.each(cases)("answers %s as a stock one does", async (_name, path, init) => {
    const app = sampleApp();
    const [stock, own] = await Promise.all([serve(createServer(app)), serve(createHttpServer(app))]);
    const [expected, actual] = await Promise.all([observe(stock, path, init), observe(own, path, init)]);
    const normal = (seen: typeof actual) =>
      JSON.parse(JSON.stringify(seen).replaceAll(/127\.0\.0\.1:\d+/g, "host")) as unknown;
    expect(normal(actual)).toEqual(normal(expected));
  });

  test("what is served first never reaches the app, and has its prototypes all the same", async () => {
    const app = sampleApp();
    const own = await serve(
      createHttpServer(app, {
        serveFirst: (req, res) => {
          if (req.url !== "/type") return false;
          res.end(String(Object.getPrototypeOf(req) === app.request && Object.getPrototypeOf(res) === app.response));
          return true;
        },
      }),
    );
    expect(await (await fetch(`${own}/type`)).text()).toBe("true");
    expect(await (await fetch(`${own}/type?a`)).text()).toBe("<p>hi</p>");
  });

  test("requests and responses have the app's prototypes before Express runs: setting them again changes nothing", async () => {
    const app = sampleApp();
    const seen: boolean[] = [];
    const watch = (server: Server) =>
      server.prependListener("request", (req: IncomingMessage, res: ServerResponse) => {
        seen.push(Object.getPrototypeOf(req) === app.request && Object.getPrototypeOf(res) === app.response);
      });
    const own = await serve(watch(createHttpServer(app)));
    const stock = await serve(watch(createServer(app)));
    await fetch(`${own}/params/1`);
    await fetch(`${stock}/params/1`);
    expect(seen).toEqual([true, false]);
  });

  // In a process of its own: this one has made hundreds of other servers, and V8 counts their shapes together.
  test("V8 keeps requests and responses as fast objects: as dictionaries they would cost three times as much", async () => {
    const flags = ["--conditions=@topdog/source", "--disable-warning=ExperimentalWarning", "--allow-natives-syntax"];
    const { stdout } = await run(process.execPath, [...flags, fileURLToPath(fastObjects)]);
    expect(JSON.parse(stdout)).toEqual(Array.from({ length: 20 }, () => [true, true]));
  });

  test("headers over the bound are refused", async () => {
    const origin = await serve(createHttpServer(sampleApp(), { maxHeaderBytes: 4096 }));
    const answer = await fetch(`${origin}/params/1`, { headers: { "x-long": "a".repeat(5000) } });
    expect(answer.status).toBe(431);
  });
});
