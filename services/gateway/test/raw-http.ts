import { connect, type Socket } from "node:net";

/** What came back on one connection, and whether the other side has closed it. */
export interface RawExchange {
  readonly socket: Socket;
  text(): string;
  isEnded(): boolean;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
}

/** Sends bytes as they are: for what no HTTP client would send. */
export function sendRaw(port: number, text: string, { allowHalfOpen = false } = {}): RawExchange {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  let received = "";
  let isEnded = false;
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.on("end", () => {
    isEnded = true;
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  socket.write(text);
  return { socket, text: () => received, isEnded: () => isEnded, closed };
}

/** The JSON body of the one answer in `text`. */
export const bodyOf = (text: string): Record<string, unknown> & { error?: Record<string, unknown> } =>
  JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as ReturnType<typeof bodyOf>;

export const answersIn = (text: string): number => text.split("HTTP/1.1 ").length - 1;
