import { readFileSync, unwatchFile, watchFile } from "node:fs";

/** How much of a durable's messages a process takes: all it can, a few of them, or none while it stands by. */
export type Share = "full" | "sip" | "none";

export interface ConsumerShare {
  current(): Share;
  /** Returns how to stop it. */
  onChange(callback: () => void): () => void;
  close(): void;
}

const pollMs = 500;
const roleLabel = "topdog.dev/role";
const shares: Readonly<Record<string, Share>> = { stable: "full", active: "full", canary: "sip", preview: "none" };

export const fullShare: ConsumerShare = {
  current: () => "full",
  onChange: () => () => undefined,
  close: () => undefined,
};

/**
 * Follows the role of this pod in a release: a file of its labels (`key="value"` a line), which the cluster keeps true while the pod lives.
 * A pod with no role, or one that nobody knows, has been replaced, or is not part of the release yet: it takes nothing.
 */
export function shareByLabels(file: string): ConsumerShare {
  const callbacks = new Set<() => void>();
  let share = readShare(file);
  const look = (): void => {
    const before = share;
    share = readShare(file);
    if (share !== before) for (const callback of callbacks) callback();
  };
  watchFile(file, { interval: pollMs, persistent: false }, look);
  return {
    current: () => share,
    onChange(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    close: () => unwatchFile(file, look),
  };
}

function readShare(file: string): Share {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return "none";
  }
  const lines = text.split("\n").map((line) => /^(.+?)="(.*)"$/.exec(line));
  const role = lines.find((match) => match?.[1] === roleLabel)?.[2] ?? "";
  return shares[role] ?? "none";
}
