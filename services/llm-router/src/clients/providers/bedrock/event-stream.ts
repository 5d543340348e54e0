import { EventStreamCodec } from "@smithy/core/event-streams";
import type { BodyDecoder } from "../../provider-http/http-api.ts";

const lengthBytes = 4;
/** A whole message is at most 16 MiB; none of Converse comes near this. */
const maxMessageBytes = 1024 * 1024;
const newline = 0x0a;
const space = 0x20;
const nothing = Buffer.alloc(0);

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

/** JSON on one line: outside of its strings a line end is white space, and inside it is written otherwise. */
function onOneLine(json: Buffer): Buffer {
  if (!json.includes(newline)) return json;
  return json.map((byte) => (byte === newline ? space : byte)) as Buffer;
}

/** As an event whose one member is named after the message's type. */
function eventOf(message: Buffer): Buffer {
  const { headers, body } = codec.decode(message);
  const type = headers[":event-type"]?.value ?? headers[":exception-type"]?.value ?? "error";
  const payload = onOneLine(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  return Buffer.concat([Buffer.from(`data: {${JSON.stringify(String(type))}:`), payload, Buffer.from("}\n\n")]);
}

/** Amazon's framed messages (length, headers, checksum) as events of text; null for a message that its checksum does not fit. */
export function newDecoder(): BodyDecoder {
  let held: Buffer = nothing;
  return {
    push(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const events: Buffer[] = [];
      try {
        while (held.length >= lengthBytes) {
          const length = held.readUInt32BE(0);
          if (length > maxMessageBytes) return null;
          if (held.length < length) break;
          events.push(eventOf(held.subarray(0, length)));
          held = held.subarray(length);
        }
      } catch {
        return null;
      }
      return Buffer.concat(events);
    },
  };
}
