import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { silentLogger } from "@topdog/testing/logger";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { mailerOf } from "../src/clients/mailer.ts";
import { askForMail } from "../src/usecases/ask-for-mail.ts";
import { sendMails } from "../src/usecases/send-mails.ts";
import { depsOn, migrations } from "./start-registry.ts";

let database: TestDatabase;
let server: Server;
const mails: string[] = [];
/** What the server says to whoever wants to send: 250 takes the mail, 451 refuses it for now. */
let answer = "250 go on";

beforeAll(async () => {
  database = await testDatabase({ migrations });
  server = createServer((socket) => {
    let data: string[] | null = null;
    socket.write("220 test\r\n");
    createInterface({ input: socket }).on("line", (line) => {
      if (data !== null && line !== ".") return void data.push(line);
      if (data !== null) mails.push(data.join("\n"));
      data = line === "DATA" ? [] : null;
      if (line === "DATA") socket.write("354 mail\r\n");
      else if (line.startsWith("MAIL FROM")) socket.write(`${answer}\r\n`);
      else socket.write(line === "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await database.drop();
});

test("a mail goes over SMTP; one that the server does not take is sent later, with a link that works", async () => {
  let atMs = Date.now();
  const nowMs = (): number => atMs;
  const { port } = server.address() as AddressInfo;
  const url = { reveal: () => `smtp://127.0.0.1:${port}` };
  const sendMail = mailerOf({ SMTP_URL: url, MAIL_FROM: "Top Dog <no-reply@topdog.example>" }, nowMs);
  if (sendMail === null) throw new Error("a server is configured");
  const registry = { ...depsOn(database.db), nowMs };
  const deps = { ...registry, sendMail, publicUrl: "https://topdog.example", logger: silentLogger() };
  const run = () => sendMails(deps, new AbortController().signal);
  await askForMail(registry, { email: "ann@example.test", kind: "sign_up", address: "192.0.2.1" });
  answer = "451 later";
  await run();
  answer = "250 ok";
  await run();
  expect(mails).toEqual([]);
  atMs += 61_000;
  await run();
  await run();
  expect(mails).toHaveLength(1);
  const text = (mails[0] ?? "").replaceAll("=\n", "").replaceAll("=3D", "=");
  expect(text).toContain("To: ann@example.test");
  expect(text).toMatch(/https:\/\/topdog\.example\/set-password#token=[\w-]{43}/);
});

test("without a mail server and a folder no mail can be sent", () => {
  expect(mailerOf({ MAIL_FROM: "x@example.test" }, Date.now)).toBeNull();
});
