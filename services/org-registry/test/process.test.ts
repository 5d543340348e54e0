import { describeServiceProcess } from "@topdog/testing/service-process";
import { registryEnv } from "./start-registry.ts";

describeServiceProcess({
  name: "org-registry",
  folder: new URL("../", import.meta.url),
  env: registryEnv,
  wrongEnv: {
    DATABASE_URL: "mysql://root:hunter2@db/x",
    CALLER_PUBLIC_KEYS: "too-short",
    VAULT_KEYS: "hunter3",
    AUDIT_KEYS: "a:too-short-2",
    HTTP_PORT: "many",
  },
});
