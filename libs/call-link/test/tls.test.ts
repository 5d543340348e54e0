import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { generate } from "selfsigned";
import { readLinkTls, type LinkTls } from "../src/tls-files.ts";
import { ask, echo, opened, startLinks, startServer } from "./link-rig.ts";

const folder = mkdtempSync(join(tmpdir(), "topdog-link-tls-"));
const names = ["router", "gateway", "stranger"] as const;
type Name = (typeof names)[number];
const certFile = (name: Name): string => join(folder, `${name}.pem`);
const keyFile = (name: Name): string => join(folder, `${name}-key.pem`);

/** Each certificate is its own authority. */
beforeAll(async () => {
  for (const name of names) {
    const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
      keyType: "ec",
      algorithm: "sha256",
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
    });
    writeFileSync(certFile(name), cert);
    writeFileSync(keyFile(name), key, { mode: 0o600 });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const tlsOf = (own: Name | null, trusts: Name | null): LinkTls =>
  readLinkTls({
    LINK_TLS_CA_FILE: trusts === null ? undefined : certFile(trusts),
    LINK_TLS_CERT_FILE: own === null ? undefined : certFile(own),
    LINK_TLS_KEY_FILE: own === null ? undefined : keyFile(own),
  });

/** One call between a router and a gateway with these settings. */
async function oneCall(ofRouter: LinkTls, ofGateway: LinkTls, isTls = true): Promise<number> {
  const server = await startServer(echo, { tls: ofRouter });
  const links = startLinks([], {
    groups: [{ host: "localhost", port: server.port, isTls, weight: 1 }],
    resolve: async () => ["127.0.0.1"],
    tls: ofGateway,
  });
  const { status } = await ask(links, opened(Buffer.alloc(100_000))).answer;
  links.stop();
  await server.stop(0);
  return status;
}

test("over TLS calls go to a router of the right authority, and to no other", async () => {
  expect(await oneCall(tlsOf("router", null), tlsOf(null, "router"))).toBe(200);
  expect(await oneCall(tlsOf("stranger", null), tlsOf(null, "router"))).toBe(0);
});

test("a router with an authority for gateways takes calls of these alone", async () => {
  const router = tlsOf("router", "gateway");
  expect(await oneCall(router, tlsOf("gateway", "router"))).toBe(200);
  expect(await oneCall(router, tlsOf("stranger", "router"))).toBe(0);
  expect(await oneCall(router, tlsOf(null, "router"))).toBe(0);
});

test("nothing is sent in the clear to a router with TLS, nor with TLS to one without", async () => {
  expect(await oneCall(tlsOf("router", null), {}, false)).toBe(0);
  expect(await oneCall({}, tlsOf(null, "router"))).toBe(0);
});
