import { callerEnv } from "@topdog/testing/account-call";
import { describeServiceProcess } from "@topdog/testing/service-process";

describeServiceProcess({
  name: "billing",
  folder: new URL("../", import.meta.url),
  env: callerEnv,
  wrongEnv: { DATABASE_URL: "mysql://root:hunter2@db/x", CALLER_PUBLIC_KEYS: "too-short", HTTP_PORT: "many" },
});
