import { createKeyPair, publicKeysField } from "@topdog/caller-token/keys";
import { createCallerVerifier } from "@topdog/caller-token/verify";
import { callerTokenHeaderName } from "@topdog/contracts/account-call";
import { accountTarget } from "../src/domain/account-target.ts";
import type { ReadCaller } from "./fake-sibling.ts";

export const gatewayKeys = createKeyPair("of-the-tests");

/** As the service does that owns the path. */
export const callerOfSibling: ReadCaller = async (req) => {
  const { method = "", url: path = "" } = req;
  const token = req.headers[callerTokenHeaderName];
  const audience = accountTarget(path.split("?", 1)[0] ?? "")?.service ?? "nobody";
  const publicKeys = publicKeysField.parse(gatewayKeys.publicKeys);
  const verify = createCallerVerifier({ publicKeys, audience, nowMs: Date.now });
  return verify({ token: typeof token === "string" ? token : undefined, method, path });
};
