import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { generate } from "selfsigned";
import { busAddress, type BusVariables } from "../src/bus-address.ts";
import { connectBus, type Bus } from "../src/connect.ts";
import { publishEvent } from "../src/publish.ts";

const folder = mkdtempSync(join(tmpdir(), "topdog-bus-tls-"));
const file = (name: string): string => join(folder, name);
let secure: TestNats;
let plain: TestNats;

/** Makes a certificate that is its own authority, and writes it with its key. */
async function writeCertificate(name: string, commonName: string): Promise<void> {
  const { cert, private: key } = await generate([{ name: "commonName", value: commonName }], {
    keyType: "ec",
    algorithm: "sha256",
    // What the client compares for a server that it reaches by address.
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  writeFileSync(file(`${name}.pem`), cert);
  writeFileSync(file(`${name}-key.pem`), key, { mode: 0o600 });
}

beforeAll(async () => {
  await Promise.all(["server", "client", "stranger"].map((name) => writeCertificate(name, name)));
  const path = (name: string): string => JSON.stringify(file(name));
  const serverConfig = `tls {
    cert_file: ${path("server.pem")}, key_file: ${path("server-key.pem")}, ca_file: ${path("client.pem")}, verify: true
  }\n`;
  const tls = { caFile: file("server.pem"), certFile: file("client.pem"), keyFile: file("client-key.pem") };
  [secure, plain] = await Promise.all([testNats({ serverConfig, tls }), testNats()]);
});
afterAll(async () => {
  await Promise.all([secure.stop(), plain.stop()]);
  rmSync(folder, { recursive: true });
});

const connect = (nats: TestNats, variables: Partial<BusVariables>, firstConnectMs = 2_000): Promise<Bus> =>
  connectBus({
    ...busAddress({ NATS_URL: nats.url, NATS_NKEY_SEED: Secret.of(nats.seedOf("billing")), ...variables }),
    name: "billing",
    logger: silentLogger(),
    firstConnectMs,
  });

describe("the bus over TLS", () => {
  const tlsUrl = (nats: TestNats): string => nats.url.replace("nats:", "tls:");

  test("speaks with a server whose authority it was given, and shows its own certificate", async () => {
    const variables = {
      NATS_URL: tlsUrl(secure),
      NATS_TLS_CA_FILE: file("server.pem"),
      NATS_TLS_CERT_FILE: file("client.pem"),
      NATS_TLS_KEY_FILE: file("client-key.pem"),
    };
    const bus = await connect(secure, variables, 60_000);
    await publishEvent(bus, subscriptionUpdated, subscriptionUpdated.example, { id: "over-tls" });
    await bus.close();
  });

  test("refuses a server that another authority signed, and is refused without a certificate where one is asked for", async () => {
    const files = { NATS_TLS_CERT_FILE: file("client.pem"), NATS_TLS_KEY_FILE: file("client-key.pem") };
    await expect(connect(secure, { NATS_TLS_CA_FILE: file("stranger.pem"), ...files })).rejects.toThrow(
      "no connection",
    );
    await expect(connect(secure, { NATS_TLS_CA_FILE: file("server.pem") })).rejects.toThrow("no connection");
  });

  test("is never given up for a server, or somebody between, that offers none, and the reason is told, not that time was up", async () => {
    const wanted = [{ NATS_URL: tlsUrl(plain) }, { NATS_TLS_CA_FILE: file("server.pem") }];
    // Each comes to its last attempt with another time left.
    const causes = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const refused = connect(plain, wanted[index % 2] ?? {}, 2_000 + 10 * index);
        return refused.then(
          () => "connected",
          ({ cause }: Error) => (cause as Error).message,
        );
      }),
    );
    for (const cause of causes) expect(cause).toMatch(/does not support 'tls'/);
  });
});
