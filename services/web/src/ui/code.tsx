import type { Sample } from "../domain/samples.ts";
import { useEffect, useState } from "react";
import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";
import { Choice } from "./choice.tsx";

const saidForMs = 2_000;

/** Copies a text and says so, to screen readers too. */
export function CopyButton({ text, label = states.copy }: { readonly text: string; readonly label?: string }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), saidForMs);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    // A site without https has no clipboard, and people may refuse it.
    const isCopied = await Promise.resolve(navigator.clipboard as Clipboard | undefined)
      .then((clipboard) => clipboard?.writeText(text).then(() => true))
      .catch(() => false);
    setSaid(isCopied === true ? states.copied : states.notCopied);
  };
  return (
    <Button size="small" onClick={() => void copy()}>
      <span aria-live="polite">{said ?? label}</span>
    </Button>
  );
}

export function Code({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      <div className="copy">
        <CopyButton text={text} />
      </div>
    </div>
  );
}

/** The same thing in several languages, one at a time. */
export function Samples({ samples, label }: { readonly samples: readonly Sample[]; readonly label: string }) {
  const [shownId, setShownId] = useState(samples[0]?.id ?? "");
  const shown = samples.find(({ id }) => id === shownId);
  return (
    <div className="samples">
      <Choice
        look="tabs"
        legend={label}
        value={shownId}
        onChange={setShownId}
        options={samples.map(({ id, name }) => [id, name] as const)}
      />
      {shown !== undefined && <Code text={shown.text} label={shown.name} />}
    </div>
  );
}
