import { runService } from "@topdog/service/run";
import { orgRegistry } from "./app.ts";

await runService(orgRegistry);
