export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const field = (lines: readonly string[], name: string): string[] =>
  lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));

function eventOf(block: string): ServerEvent | null {
  const lines = block.split("\n");
  const data = field(lines, "data");
  return data.length === 0 ? null : { name: field(lines, "event").at(-1) ?? "message", data: data.join("\n") };
}

/** The server-sent events of an answer as they come; null for one without data, which only shows that the stream lives. Ends with the answer. */
export async function* readServerEvents(answer: Response): AsyncGenerator<ServerEvent | null> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) return;
    text += read.value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) yield eventOf(block);
  }
}
