import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request to Stripe as it was sent. */
export interface SentRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

export interface HeldAnswers {
  /** Answers that wait now. */
  count(): number;
  /** New answers go through; those that wait go on waiting. */
  letNewOnesThrough(): void;
  release(): void;
}

/** A way to Stripe that sees every request, and can keep answers back: Stripe has done what was asked, and nobody knows yet. */
export interface StripeRelay {
  readonly url: string;
  readonly requests: readonly SentRequest[];
  /** Until then requests wait: each of the two sides must know where the other is before it starts. */
  connect(stripeUrl: string): void;
  /** The requests that were seen by now. */
  forget(): void;
  holdAnswers(to: (sent: SentRequest) => boolean): HeldAnswers;
  stop(): Promise<void>;
}

interface Hold {
  readonly isHeld: (sent: SentRequest) => boolean;
  readonly released: Promise<void>;
  waiting: number;
}

const host = "127.0.0.1";

export async function startStripeRelay(): Promise<StripeRelay> {
  const agent = new Agent({ keepAlive: true });
  const requests: SentRequest[] = [];
  const connected = Promise.withResolvers<string>();
  let hold: Hold | null = null;

  async function relay(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const sent = { method: req.method ?? "", path: req.url ?? "", body: (await buffer(req)).toString("utf8") };
    requests.push(sent);
    const holding = hold?.isHeld(sent) === true ? hold : null;
    const options = { method: sent.method, headers: req.headers, agent };
    const asked = request(
      new URL(sent.path, await connected.promise),
      options,
      (answer) => void pass(answer, res, holding),
    );
    // What is cut there is cut here: the caller must not take it for an answer.
    asked.on("error", () => res.destroy()).end(sent.body);
  }

  async function pass(answer: IncomingMessage, res: ServerResponse, holding: Hold | null): Promise<void> {
    const body = await buffer(answer).catch(() => null);
    if (holding !== null) {
      holding.waiting += 1;
      await holding.released;
      holding.waiting -= 1;
    }
    if (body === null) res.destroy();
    else res.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
  }

  const server = createServer((req, res) => void relay(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    connect: connected.resolve,
    forget: () => void requests.splice(0),
    holdAnswers: (isHeld) => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const mine: Hold = { isHeld, released, waiting: 0 };
      hold = mine;
      const letNewOnesThrough = (): void => {
        if (hold === mine) hold = null;
      };
      return {
        count: () => mine.waiting,
        letNewOnesThrough,
        release: () => {
          letNewOnesThrough();
          release();
        },
      };
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}
