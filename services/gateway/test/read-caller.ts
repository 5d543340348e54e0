import { createKeyPair, publicKeysField } from "@topdog/caller-token/keys";
import { createCallerVerifier } from "@topdog/caller-token/verify";
import { callerTokenHeaderName } from "@topdog/contracts/account-call";
import { principalHeaderName, verifyPrincipalHeader } from "@topdog/contracts/principal-header";
import { accountTarget } from "../src/domain/account-target.ts";
import type { ReadCaller } from "./fake-router.ts";

export const principalSecret = "rq8Zk1vN4xWc7TbY2mLd9sGh5pJf3eUa";
const keys = createKeyPair("of-the-tests");
export const callerSigningKey = keys.signingKey;

/** As a router reads who calls. */
export const callerOfRouter: ReadCaller = (req) => {
  const header = req.headers[principalHeaderName];
  return verifyPrincipalHeader(typeof header === "string" ? header : undefined, principalSecret, Date.now());
};

/** As the service does that owns the path. */
export const callerOfSibling: ReadCaller = async (req) => {
  const { method = "", url: path = "" } = req;
  const token = req.headers[callerTokenHeaderName];
  const audience = accountTarget(path.split("?", 1)[0] ?? "")?.service ?? "nobody";
  const publicKeys = publicKeysField.parse(keys.publicKeys);
  const verify = createCallerVerifier({ publicKeys, audience, nowMs: Date.now });
  return verify({ token: typeof token === "string" ? token : undefined, method, path });
};
