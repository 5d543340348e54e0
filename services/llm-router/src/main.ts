import { runService } from "@topdog/service/run";
import { llmRouter } from "./app.ts";

await runService(llmRouter);
