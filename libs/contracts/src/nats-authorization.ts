import { accessOf, type BusAccess, type BusUserName, busUserNames } from "./bus-access.ts";

/** A user as the configuration of a nats-server names it: by the public half of its nkey. */
export interface NatsUser {
  readonly nkey: string;
  readonly permissions: {
    readonly publish: { readonly allow: readonly string[] };
    readonly subscribe: { readonly allow: readonly string[] };
    readonly allow_responses?: { readonly max: number; readonly expires: string };
  };
}

/** A question may be answered once and within this time, which is longer than any caller waits. */
const responses = { max: 1, expires: "60s" };
/** A client signs the server's challenge within this time, also on a busy machine. */
const authenticationTimeoutSeconds = 10;

export function natsUser(publicKey: string, access: BusAccess): NatsUser {
  // The server takes an empty list for permission to everything.
  if (access.publish.length === 0 || access.subscribe.length === 0) throw new Error("a bus user without any access");
  return {
    nkey: publicKey,
    permissions: {
      publish: { allow: access.publish },
      subscribe: { allow: access.subscribe },
      ...(access.answers ? { allow_responses: responses } : {}),
    },
  };
}

/** The `authorization` block of a nats-server's configuration (which may be JSON): nobody else can connect. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  return `authorization: ${JSON.stringify({ timeout: authenticationTimeoutSeconds, users }, null, 2)}\n`;
}

/** As `natsAuthorization`, for exactly the users that the contracts know. */
export function natsServerUsers(publicKeys: Readonly<Record<BusUserName, string>>): string {
  return natsAuthorization(busUserNames.map((name) => natsUser(publicKeys[name], accessOf(name))));
}
