import { accessOf, type BusUserName, busUserNames } from "@topdog/contracts/bus-access";
import { natsAuthorization, natsUser } from "@topdog/contracts/nats-authorization";
import { z } from "zod";
import { localEngine } from "./engines.ts";

/** The name of the test's own connection, which may do everything. */
export const testUserName = "test";
export type TestBusUser = BusUserName | typeof testUserName;

export interface BusIdentities {
  /** The server's configuration: every service as in production, and the test. */
  readonly access: string;
  seedOf(this: void, user: TestBusUser): string;
}

const keysSchema = z.record(z.string(), z.object({ seed: z.string(), publicKey: z.string() }));

/** Keys for every user of a test's bus. They are made once for the whole run: in JavaScript a pair takes some 10 ms. */
export async function testBusIdentities(): Promise<BusIdentities> {
  const keys = keysSchema.parse(JSON.parse(await localEngine("bus-keys")));
  const keyOf = (user: TestBusUser): { readonly seed: string; readonly publicKey: string } => {
    const key = keys[user];
    if (key === undefined) throw new Error(`no bus user is called ${user}`);
    return key;
  };
  const everything = { publish: [">"], subscribe: [">"], answers: false };
  const users = [
    ...busUserNames.map((name) => natsUser(keyOf(name).publicKey, accessOf(name))),
    natsUser(keyOf(testUserName).publicKey, everything),
  ];
  return { access: natsAuthorization(users), seedOf: (user) => keyOf(user).seed };
}
