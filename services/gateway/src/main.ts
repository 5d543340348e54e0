import { runService } from "@topdog/service/run";
import { gateway } from "./app.ts";

await runService(gateway);
