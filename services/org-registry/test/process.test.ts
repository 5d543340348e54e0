import { callerEnv } from "@topdog/testing/account-call";
import { describeServiceProcess } from "@topdog/testing/service-process";

describeServiceProcess({
  name: "org-registry",
  folder: new URL("../", import.meta.url),
  env: callerEnv,
  wrongEnv: { DATABASE_URL: "mysql://root:hunter2@db/x", PRINCIPAL_SECRET: "too-short", HTTP_PORT: "many" },
});
