import type { AssistantPart, ImagePart, MediaSource, Turn, UserPart } from "./conversation.ts";
import { isAbsent } from "./wire-value.ts";

export interface TurnList {
  readonly turns: Turn[];
  user(parts: readonly UserPart[]): void;
  assistant(parts: readonly AssistantPart[]): void;
}

/** Gathers turns; what follows a turn of the same role belongs to it. */
export function createTurnList(): TurnList {
  const turns: Turn[] = [];
  return {
    turns,
    user(parts) {
      const last = turns.at(-1);
      if (last?.role !== "user") turns.push({ role: "user", parts });
      else turns[turns.length - 1] = { role: "user", parts: [...last.parts, ...parts] };
    },
    assistant(parts) {
      const last = turns.at(-1);
      if (last?.role !== "assistant") turns.push({ role: "assistant", parts });
      else turns[turns.length - 1] = { role: "assistant", parts: [...last.parts, ...parts] };
    },
  };
}

const dataUrl = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w.+=-]+)*;base64,/;

/** A `data:` URL becomes what it holds. */
export function sourceOfUrl(url: string): MediaSource {
  const found = dataUrl.exec(url.slice(0, 200));
  if (found === null) return { kind: "url", url };
  return { kind: "base64", mediaType: found[1] as string, base64: url.slice(found[0].length) };
}

/** How closely an image is looked at. A word that only OpenAI's own models know is named in `dropped`. */
export function detailOf(value: unknown, dropped: Set<string>): ImagePart["detail"] {
  if (value === "low" || value === "high" || value === "auto") return value;
  if (!isAbsent(value)) dropped.add("image.detail");
  return null;
}

export const urlOfSource = (source: MediaSource): string =>
  source.kind === "url" ? source.url : `data:${source.mediaType};base64,${source.base64}`;
