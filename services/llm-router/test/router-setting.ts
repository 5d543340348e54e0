import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import {
  chatCompletion,
  chatEvents,
  type FakeRequest,
  type FakeScript,
  type FakeUpstream,
  startFakeUpstream,
} from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { type RouterParts, type RouterRig, startRouter, upstreams } from "./router-rig.ts";

export interface RouterSetting {
  /** Of the whole file. */
  readonly nats: () => TestNats;
  readonly upstream: (script: FakeScript) => Promise<FakeUpstream>;
  readonly start: (env: Record<string, string>, parts?: RouterParts) => Promise<RouterRig>;
  /** A router over these upstreams. */
  readonly router: (fakes: readonly { url: string }[], env?: Record<string, string>) => Promise<RouterRig>;
}

/** Call it once at the top of a file: what a test opens is closed after it. */
export function useRouters(): RouterSetting {
  let nats: TestNats;
  const open: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    nats = await testNats();
  });
  afterAll(() => nats.stop());
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
  });
  const start: RouterSetting["start"] = async (env, parts) => {
    const rig = await startRouter(nats, env, parts);
    open.push(() => rig.stop());
    return rig;
  };
  return {
    nats: () => nats,
    start,
    async upstream(script) {
      const fake = await startFakeUpstream(script);
      open.push(() => fake.close());
      return fake;
    },
    router: (fakes, env = {}) => start({ UPSTREAMS: upstreams(...fakes.map(({ url }) => url)), ...env }),
  };
}

export const healthy: FakeScript = ({ body }) =>
  body.includes('"stream":true') ? { events: chatEvents(["hello"]) } : { body: chatCompletion("hello") };
/** What callers asked of it; not our own probes. */
export const callsTo = ({ requests }: FakeUpstream): readonly FakeRequest[] =>
  requests.filter(({ headers }) => !String(headers["x-request-id"]).startsWith("probe_"));
/** Resolves when callers have asked it so often. */
export const askedOf = (fake: FakeUpstream, calls: number): Promise<void> =>
  eventually(() => expect(callsTo(fake).length).toBeGreaterThanOrEqual(calls), { intervalMs: 2 });
export const errorOf = (text: string) =>
  (JSON.parse(text) as { error: { message: string; type: string; code: string; param: string | null } }).error;
