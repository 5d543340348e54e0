import { runService } from "@topdog/service/run";
import { quota } from "./app.ts";

await runService(quota);
