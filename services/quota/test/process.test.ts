import { callerEnv } from "@topdog/testing/account-call";
import { describeServiceProcess } from "@topdog/testing/service-process";

describeServiceProcess({
  name: "quota",
  folder: new URL("../", import.meta.url),
  env: callerEnv,
  wrongEnv: { DATABASE_URL: "mysql://root:hunter2@db/x", SYNC_MAX_IN_FLIGHT: "plenty", HTTP_PORT: "many" },
});
