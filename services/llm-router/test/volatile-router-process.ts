/** The router without its spool, as a process: `node --conditions=@topdog/source test/volatile-router-process.ts`, same environment. */
import { runService } from "@topdog/service/run";
import { llmRouter } from "../src/app.ts";
import { openVolatileSpool } from "./volatile-spool.ts";

await runService(llmRouter, { openSpool: openVolatileSpool });
