import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Gateway, type Platform, startPlatform } from "./platform.ts";

interface SiteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const page = { accept: "text/html" };
const style = "body { color: green; }\n".repeat(100);

/** A build as `services/web/build/build.ts` leaves it. */
function writeSite(): string {
  const folder = mkdtempSync(join(tmpdir(), "topdog-site-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "landing.html"), "<h1>landing</h1>");
  writeFileSync(join(folder, "pricing.html"), "<h1>pricing</h1>");
  writeFileSync(join(folder, "errors.html"), "<h1>every error</h1>");
  writeFileSync(join(folder, "app.html"), "<div>app</div>");
  writeFileSync(join(folder, "404.html"), "<h1>nothing here</h1>");
  writeFileSync(join(folder, "assets/app-1f2e.css"), style);
  writeFileSync(join(folder, "assets/app-1f2e.css.br"), brotliCompressSync(style));
  writeFileSync(join(folder, "assets/app-1f2e.css.gz"), gzipSync(style));
  writeFileSync(join(folder, "build.log"), "not to be seen");
  const pages = { "/": "landing.html", "/pricing": "pricing.html", "/docs/errors": "errors.html" };
  const app = { paths: ["/dashboard"], file: "app.html" };
  writeFileSync(join(folder, "site.json"), JSON.stringify({ pages, app, notFound: "404.html" }));
  return folder;
}

let platform: Platform;
let gateway: Gateway;
let folder: string;

beforeAll(async () => {
  platform = await startPlatform();
  folder = writeSite();
  gateway = await platform.startGateway({
    WEB_DIR: folder,
    PUBLIC_URL: "https://topdog.example",
    GOOGLE_SITE_VERIFICATION: "abc123",
    BING_SITE_VERIFICATION: "BING42",
  });
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true });
});

/** As a browser or a probe would send it: with a Host of its own, and nothing decoded. */
const ask = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<SiteAnswer> =>
  send({ path, headers, method });

/** As a proxy may pass it on: the request names scheme and host. */
const askWhole = (site: string, path: string): Promise<SiteAnswer> =>
  send({ path: `${site}${path}`, headers: { ...page, host: new URL(site).host }, method: "GET" });

function send(options: { path: string; headers: Record<string, string>; method: string }): Promise<SiteAnswer> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ ...options, hostname, port, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the web app", () => {
  test("answers its pages and every address of the app, also after a reload of a deep one", async () => {
    const seen = await Promise.all(["/", "/pricing", "/pricing/", "/dashboard?org=o1"].map((path) => ask(path, page)));
    expect(seen.map(({ status, body }) => [status, body.toString()])).toEqual([
      [200, "<h1>landing</h1>"],
      [200, "<h1>pricing</h1>"],
      [200, "<h1>pricing</h1>"],
      [200, "<div>app</div>"],
    ]);
  });

  test("allows nothing inline and nothing from elsewhere in its documents", async () => {
    const policy = String((await ask("/", page)).headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(policy).not.toContain("http");
  });

  test("has documents revalidated, and assets kept for a year", async () => {
    const { headers } = await ask("/", page);
    expect(headers["cache-control"]).toBe("no-cache");
    expect((await ask("/", { ...page, "if-none-match": String(headers["etag"]) })).status).toBe(304);
    expect((await ask("/assets/app-1f2e.css")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });

  test("sends what was compressed when it was built, in a form that the client takes", async () => {
    const get = (accepted: string) => ask("/assets/app-1f2e.css", { "accept-encoding": accepted });
    const br = await get("gzip, deflate, br, zstd");
    expect(br.headers["content-encoding"]).toBe("br");
    expect(brotliDecompressSync(br.body).toString()).toBe(style);
    expect((await get("gzip, br;q=0")).headers["content-encoding"]).toBe("gzip");
    const plain = await get("identity");
    expect([plain.headers["content-encoding"], plain.body.toString()]).toEqual([undefined, style]);
    expect(plain.headers["vary"]).toContain("accept-encoding");
  });

  test("tells a person by a page, and a program by JSON, that there is nothing", async () => {
    const person = await ask("/nowhere", page);
    expect([person.status, person.body.toString()]).toEqual([404, "<h1>nothing here</h1>"]);
    const program = await ask("/nowhere", { accept: "*/*" });
    expect([program.status, program.headers["content-type"]]).toEqual([404, "application/problem+json"]);
    for (const path of ["/api/nowhere", "/v1/nowhere", "/docs/nowhere"])
      expect((await ask(path, page)).headers["content-type"]).toContain("json");
  });

  test("serves nothing of the build but the site itself, and answers other methods with 405", async () => {
    for (const path of ["/build.log", "/site.json", "/landing.html", "/assets/app-1f2e.css.br", "/assets/../site.json"])
      expect((await ask(path)).status).toBe(404);
    const posted = await ask("/pricing", {}, "POST");
    expect([posted.status, posted.headers["allow"]]).toEqual([405, "GET, HEAD"]);
    const head = await ask("/pricing", page, "HEAD");
    expect([head.status, head.body.length, head.headers["content-length"]]).toEqual([200, 0, "16"]);
  });
});

describe("the page of every error, where a problem's type leads", () => {
  const browsers = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

  test.each([browsers, "text/html", "text/html;q=0.9, text/plain;q=0.8"])("is a page for %s", async (accept) => {
    for (const path of ["/docs/errors", "/docs/errors/"]) {
      const { status, headers, body } = await ask(path, { accept });
      expect([status, headers["vary"], body.toString()]).toEqual([
        200,
        "accept, accept-encoding",
        "<h1>every error</h1>",
      ]);
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["link"]).toBe('<https://topdog.example/docs/errors>; rel="canonical"');
    }
  });

  test.each(["*/*", "", "application/json", "text/markdown, text/html, */*", "text/*", "text/html;q=0.5, text/plain"])(
    "is Markdown for %p",
    async (accept) => {
      const { status, headers, body } = await ask("/docs/errors", accept === "" ? {} : { accept });
      expect([status, headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
      expect(headers["vary"]).toBe("accept");
      expect(body.toString()).toBe("# Errors\n");
    },
  );

  test("is Markdown for everybody where no web app is deployed", async () => {
    const bare = await platform.startGateway();
    const answer = await bare.call(null, { method: "GET", path: "/docs/errors", headers: { accept: "text/html" } });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
  });
});

describe("search engines", () => {
  test("find the pages for everybody in the sitemap, and each under its canonical address", async () => {
    const map = (await ask("/sitemap.xml")).body.toString();
    expect(map).toContain("<loc>https://topdog.example/</loc>");
    expect(map).toContain("<loc>https://topdog.example/pricing</loc>");
    expect(map).toContain("<loc>https://topdog.example/docs/errors</loc>");
    expect(map).not.toContain("dashboard");
    expect((await ask("/pricing", page)).headers["link"]).toBe('<https://topdog.example/pricing>; rel="canonical"');
    expect((await ask("/dashboard", page)).headers["link"]).toBeUndefined();
  });

  test("are kept from the APIs by robots.txt, and find our tokens", async () => {
    const robots = (await ask("/robots.txt")).body.toString();
    expect(robots).toContain("Disallow: /api/\n");
    expect(robots).toContain("Disallow: /docs/\nAllow: /docs/errors$\n");
    expect(robots).toContain("Sitemap: https://topdog.example/sitemap.xml");
    expect((await ask("/googleabc123.html")).body.toString()).toBe("google-site-verification: googleabc123.html");
    expect((await ask("/BingSiteAuth.xml")).body.toString()).toContain("<user>BING42</user>");
    expect((await ask("/googleother.html")).status).toBe(404);
  });
});

describe("old names of the site", () => {
  test.each(["www.topdog.example", "www.topdog.example.:443", "q-ide.com", "www.q-ide.com:443", "Q-IDE.example"])(
    "%s is sent to the canonical host, path and query with it",
    async (host) => {
      const { status, headers } = await ask("/pricing?plan=pro", { ...page, host });
      expect([status, headers["location"]]).toEqual([308, "https://topdog.example/pricing?plan=pro"]);
    },
  );

  test("the whole address in a request leads to the same place, and to the APIs as they are", async () => {
    const whole = (path: string) => askWhole("http://www.topdog.example", path);
    expect((await whole("/pricing?plan=pro")).headers["location"]).toBe("https://topdog.example/pricing?plan=pro");
    expect((await whole("/v1/models")).status).not.toBe(308);
  });

  test.each(["/health", "/livez", "/readyz", "/metrics", "/api/usage", "/v1/models", "/v1/chat/completions"])(
    "%s is never redirected",
    async (path) => {
      for (const host of ["www.topdog.example", "q-ide.com"]) expect((await ask(path, { host })).status).not.toBe(308);
    },
  );

  test.each(["topdog.example", "10.0.3.7:8080", "gateway.topdog.svc.cluster.local", "localhost:8080", "notq-ide.com"])(
    "the host %s is served as it comes",
    async (host) => {
      expect((await ask("/pricing", { ...page, host })).status).toBe(200);
    },
  );
});

test("a gateway without a web app tells programs where the APIs are, and keeps search engines away", async () => {
  const bare = await platform.startGateway();
  const get = (path: string) => bare.call(null, { method: "GET", path });
  expect(JSON.parse((await get("/")).text)).toMatchObject({ api: "/v1", docs: "/docs" });
  expect((await get("/robots.txt")).text).toContain("Disallow: /\n");
  expect((await get("/pricing")).status).toBe(404);
});
