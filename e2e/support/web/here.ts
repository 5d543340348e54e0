import type { Stack } from "@topdog/local-stack/stack";
import type { TestOidcProvider } from "@topdog/testing/oidc-provider";
import type { Browser, BrowserContext, Page } from "playwright-core";

export interface Person {
  readonly email: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about: scripts that threw, what the policy refused. */
  readonly complaints: string[];
}

/** The one platform and the one browser of all stories, and the people whom several of them are about. */
export interface Here {
  readonly stack: Stack;
  readonly browser: Browser;
  /** By which people may sign in. */
  readonly provider: TestOidcProvider;
  /** Buys and leads an org. */
  readonly ada: Person;
  /** Stays on Free, and is invited. */
  readonly bob: Person;
}
