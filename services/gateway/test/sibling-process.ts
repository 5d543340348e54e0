import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A sibling as a process of its own, which a test can stop. Tells its port, answers who it is and how many requests it has had. */
const slowMs = 1_500;
let requests = 0;
const server = createServer((req, res) => {
  const answer = async (): Promise<void> => {
    if (req.url === "/livez" || req.url === "/readyz") return void res.end();
    requests += 1;
    const seen = requests;
    if (req.url?.includes("slow") === true) await sleep(slowMs);
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ pid: process.pid, requests: seen }));
  };
  req.resume().on("end", () => void answer());
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
