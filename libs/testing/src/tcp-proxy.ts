import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Bytes that have passed in both directions. */
  passed(): number;
  /** While true nothing passes: the other side looks frozen. */
  hold(isHeld: boolean): void;
  /** New connections lead to another port; those that stand are cut. */
  redirect(toPort: number): void;
  /** Cuts all connections after so many more bytes, in the middle of a chunk if it falls there. */
  cutAfter(bytes: number): void;
  stop(): Promise<void>;
}

/** Stands between both ends of a link and breaks it where a test wants. */
export async function startTcpProxy(firstPort: number): Promise<TcpProxy> {
  let toPort = firstPort;
  const pairs = new Set<readonly [Socket, Socket]>();
  let passed = 0;
  let left = Number.POSITIVE_INFINITY;
  let isHeld = false;
  const cut = (pair: readonly [Socket, Socket]): void => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroySoon();
  };
  const server = createServer((near) => {
    const far = connect(toPort, "127.0.0.1");
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      if (isHeld) from.pause();
      from.setNoDelay(true);
      from.on("error", () => undefined);
      from.on("close", () => {
        to.end();
        pairs.delete(pair);
      });
      from.on("data", (chunk: Buffer) => {
        if (!pairs.has(pair)) return;
        const part = chunk.subarray(0, Math.min(chunk.length, left));
        passed += part.length;
        left -= part.length;
        to.write(part);
        if (left <= 0) {
          left = Number.POSITIVE_INFINITY;
          for (const one of pairs) cut(one);
        }
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    passed: () => passed,
    hold(value) {
      isHeld = value;
      for (const socket of [...pairs].flat()) {
        if (value) socket.pause();
        else socket.resume();
      }
    },
    redirect(port) {
      toPort = port;
      for (const pair of pairs) cut(pair);
    },
    cutAfter: (bytes) => (left = bytes),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const pair of pairs) cut(pair);
      }),
  };
}
