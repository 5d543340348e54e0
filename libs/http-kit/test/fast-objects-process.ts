import type { AddressInfo } from "node:net";
import { runInThisContext } from "node:vm";
import { createHttpServer } from "@topdog/http-kit/create-server";
import express from "express";

// With --allow-natives-syntax: prints, for twenty requests, whether the request and the response are fast objects.
const rounds = 20;
const hasFastProperties = runInThisContext("(value) => %HasFastProperties(value)") as (value: object) => boolean;

const app = express();
app.get("/", (req, res) => {
  res.json([hasFastProperties(req), hasFastProperties(res)]);
});
const server = createHttpServer(app);
server.listen(0, "127.0.0.1");
await new Promise<void>((resolve) => void server.once("listening", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const seen: unknown[] = [];
for (let round = 0; round < rounds; round += 1) seen.push(await (await fetch(origin)).json());
process.stdout.write(JSON.stringify(seen));
server.close();
server.closeAllConnections();
