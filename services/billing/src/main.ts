import { runService } from "@topdog/service/run";
import { billing } from "./app.ts";

await runService(billing);
