import type { Socket } from "node:net";
import { frameTypes, LinkProtocolError } from "./frame.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";

export interface LinkSocketHandler extends FrameSink {
  /** All frames so far were handed to the socket: the other side may see them. */
  onFlushed(): void;
  /** Bodies may be written again. */
  onRoom(): void;
  /** Once, when the connection is over, whoever ended it. */
  onClosed(cause: Error | undefined): void;
}

/** The transport under one end of a link: a socket that speaks frames. */
export interface LinkSocket {
  readonly socket: Socket;
  readonly writer: FrameWriter;
  readonly reader: FrameReader;
  /** Whether any byte came since this was last asked. */
  takeHeard(): boolean;
  /** Writes what is gathered, then ends the connection. */
  end(): void;
  /** Ends the connection now. */
  destroy(cause?: Error): void;
}

/** Whatever the other side sends, the worst is that this connection closes. */
export function openLinkSocket(socket: Socket, handler: LinkSocketHandler): LinkSocket {
  let hasHeard = false;
  let isClosed = false;
  let cause: Error | undefined;
  socket.setNoDelay(true);
  const writer = new FrameWriter(socket, () => {
    handler.onFlushed();
    if (!socket.writableNeedDrain) handler.onRoom();
  });
  const reader = new FrameReader({
    onFrame(type, number, payload) {
      if (type === frameTypes.ping) writer.bytes(frameTypes.pong, number, payload);
      else if (type !== frameTypes.pong) handler.onFrame(type, number, payload);
    },
    onData: (number, bytes) => handler.onData(number, bytes),
  });
  const close = (error: Error | undefined): void => {
    if (isClosed) return;
    isClosed = true;
    reader.stop();
    writer.close();
    handler.onClosed(error);
  };
  socket.on("data", (chunk: Buffer) => {
    hasHeard = true;
    try {
      reader.push(chunk);
    } catch (error) {
      cause = error instanceof Error ? error : new LinkProtocolError(String(error));
      socket.destroy();
      close(cause);
    }
  });
  socket.on("drain", () => {
    if (!isClosed) handler.onRoom();
  });
  socket.on("error", (error) => (cause ??= error));
  socket.on("close", () => close(cause));
  return {
    socket,
    writer,
    reader,
    takeHeard() {
      const heard = hasHeard;
      hasHeard = false;
      return heard;
    },
    end() {
      if (!writer.isFlushed()) writer.flush();
      socket.end();
    },
    destroy(error) {
      cause ??= error;
      socket.destroy();
      close(cause);
    },
  };
}
