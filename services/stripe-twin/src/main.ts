import { runService } from "@topdog/service/run";
import { stripeTwin } from "./app.ts";

await runService(stripeTwin);
