import { runService } from "@topdog/service/run";
import { sandboxProvider } from "./app.ts";

await runService(sandboxProvider);
