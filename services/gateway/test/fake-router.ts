import type { CallReport, IncomingCall, OpenedCall } from "@topdog/call-link/call";
import { createLinkServer, type LinkServer } from "@topdog/call-link/router/link-server";
import { createKeyPair, publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { gatewayKeys } from "./read-caller.ts";

export interface SeenCall extends OpenedCall {
  /** When the gateway gave the call up. */
  abortedMs: number | null;
  /** It ended with the connection to the gateway. */
  isLost: boolean;
}

/** What a script answers with. */
export interface RouterAnswer {
  /** Whether the router says that it accounts for the call; true unless the script changes it, before the head. */
  isAccountedFor: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string | number>>): RouterAnswer;
  /** False: write no more until `onDrain`. */
  write(bytes: Buffer | string): boolean;
  onDrain(act: () => void): void;
  end(bytes?: Buffer | string): void;
  /** Breaks the answer off. */
  cut(): void;
}

export type RouterScript = (answer: RouterAnswer, seen: SeenCall) => void;

export interface FakeRouter {
  readonly url: string;
  readonly port: number;
  readonly seen: SeenCall[];
  /** The charges that this router accounts for. */
  readonly accountedFor: Set<string>;
  openAnswers(): number;
  script: RouterScript;
  stop(graceMs?: number): Promise<void>;
}

export const routerKeys = createKeyPair("router-test");

export const answerJson: RouterScript = (answer) => {
  const body = JSON.stringify({ object: "chat.completion", choices: [] });
  answer.writeHead(200, {
    "content-type": "application/json",
    "content-length": body.length,
    "x-internal-secret": "no",
  });
  answer.end(body);
};

/** A free call is charged nothing, and has no usage. */
const idOf = (call: OpenedCall): string => (call.charges.length === 0 ? call.requestId : usageIdOf(call));
const usage: Omit<CallReport, "recorded"> = {
  outcome: "ok",
  provider: "sandbox-a",
  model: "sandbox-small",
  promptTokens: 3,
  completionTokens: 5,
  costNanoUsd: 70,
  attempts: 1,
};

function answerOf(call: IncomingCall, onAccountedFor: () => void): RouterAnswer {
  const bytesOf = (bytes: Buffer | string): Buffer => (typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  const report = (): CallReport => ({ ...usage, recorded: answer.isAccountedFor });
  const answer: RouterAnswer = {
    isAccountedFor: true,
    writeHead(status, headers) {
      if (answer.isAccountedFor) onAccountedFor();
      const list = Object.entries(headers).flatMap(([name, value]) => [name, String(value)]);
      call.head({ status, headers: list, isAccountedFor: answer.isAccountedFor });
      return answer;
    },
    write: (bytes) => call.write(bytesOf(bytes)),
    onDrain: (act) => call.onDrain(act),
    end(bytes) {
      if (bytes !== undefined) call.write(bytesOf(bytes));
      call.end(report());
    },
    cut: () => call.cut(report()),
  };
  return answer;
}

/** A router's end of the real call link; `script` answers. */
export async function startFakeRouter(port = 0): Promise<FakeRouter> {
  const seen: SeenCall[] = [];
  const accountedFor = new Set<string>();
  const router: { script: RouterScript } = { script: answerJson };
  const server: LinkServer = createLinkServer({
    host: "127.0.0.1",
    port,
    tls: {},
    key: signingKeyField.parse(routerKeys.signingKey),
    gateways: publicKeysField.parse(gatewayKeys.publicKeys),
    maxCalls: 10_000,
    maxBodyBytes: 64 * 1024 * 1024,
    maxBodyBytesTotal: 512 * 1024 * 1024,
    handshakeTimeoutMs: 10_000,
    silenceTimeoutMs: 60_000,
    onCall(call) {
      const one: SeenCall = { ...call.opened, abortedMs: null, isLost: false };
      seen.push(one);
      const answer = answerOf(call, () => accountedFor.add(idOf(one)));
      call.onGone(() => {
        one.abortedMs = performance.now();
        one.isLost = call.isLost();
        if (answer.isAccountedFor) accountedFor.add(idOf(one));
        call.end({ ...usage, recorded: answer.isAccountedFor, outcome: "client_closed" });
      });
      router.script(answer, one);
    },
    onBug: (error) => {
      throw error;
    },
    onFault: () => undefined,
  });
  const started = await server.start();
  return Object.assign(router, {
    url: `link://127.0.0.1:${started.port}`,
    port: started.port,
    seen,
    accountedFor,
    openAnswers: () => server.calls(),
    stop: (graceMs = 0) => server.stop(graceMs),
  });
}
