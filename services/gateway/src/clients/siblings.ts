import type { AccountService } from "../domain/account-target.ts";
import type { Logger } from "@topdog/telemetry/logger";
import { resolveName } from "./resolve-name.ts";
import { createSiblingPool, type SiblingPool } from "./sibling-pool.ts";

export type Siblings = Readonly<Record<AccountService, SiblingPool>>;

export interface OpenSiblingsOptions {
  readonly urls: Readonly<Record<AccountService, readonly string[]>>;
  readonly connectTimeoutMs: number;
  readonly logger: Logger;
}

/** The instances of every sibling that answers the account API. */
export function openSiblings({ urls, connectTimeoutMs, logger }: OpenSiblingsOptions): Siblings {
  const to = (name: AccountService): SiblingPool =>
    createSiblingPool({
      urls: urls[name],
      connectTimeoutMs,
      resolve: resolveName,
      onEjected: (address, isEjected) =>
        logger.warn(
          { sibling: name, address },
          isEjected ? "a sibling does not answer: it gets no requests" : "a sibling answers again",
        ),
    });
  return { quota: to("quota"), "org-registry": to("org-registry"), billing: to("billing") };
}
