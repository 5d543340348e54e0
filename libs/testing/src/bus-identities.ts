import { accessOf, type BusUserName, busUserNames } from "@topdog/contracts/bus-access";
import { natsAuthorization, natsUser } from "@topdog/contracts/nats-authorization";
import { busPublicKey, newBusSeed } from "@topdog/local-stack/bus-keys";

/** The name of the test's own connection, which may do everything. */
export const testUserName = "test";
export type TestBusUser = BusUserName | typeof testUserName;
const userNames: readonly TestBusUser[] = [...busUserNames, testUserName];

export interface BusIdentities {
  /** The server's configuration: every service as in production, and the test. */
  readonly access: string;
  seedOf(this: void, user: TestBusUser): string;
}

/** Fresh keys for every user of a test's bus. */
export function makeBusIdentities(): BusIdentities {
  const seeds = new Map(userNames.map((name) => [name, newBusSeed()]));
  const seedOf = (user: TestBusUser): string => {
    const seed = seeds.get(user);
    if (seed === undefined) throw new Error(`no bus user is called ${user}`);
    return seed;
  };
  const everything = { publish: [">"], subscribe: [">"], answers: false };
  const users = [
    ...busUserNames.map((name) => natsUser(busPublicKey(seedOf(name)), accessOf(name))),
    natsUser(busPublicKey(seedOf(testUserName)), everything),
  ];
  return { access: natsAuthorization(users), seedOf };
}
