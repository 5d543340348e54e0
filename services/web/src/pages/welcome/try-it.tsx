import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { streamCompletion } from "../../api/complete.ts";
import { welcome } from "../../copy/welcome.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { ProblemNotice } from "../../ui/notice.tsx";

const maxPromptCharacters = 2_000;

/** One completion, streamed with the key itself: what it shows is what a client gets. */
export function TryIt({ secret, models }: { readonly secret: string; readonly models: readonly string[] }) {
  const [model, setModel] = useState(models[0] ?? "");
  const [prompt, setPrompt] = useState<string>(welcome.promptDefault);
  const [text, setText] = useState("");
  const running = useRef<AbortController | null>(null);
  const call = useMutation({
    mutationFn: () => {
      setText("");
      running.current = new AbortController();
      const { signal } = running.current;
      return streamCompletion({ key: secret, model, prompt, signal }, (piece) => setText((before) => before + piece));
    },
  });
  const wasStopped = call.error?.name === "AbortError";
  return (
    <div className="try">
      <div className="stack">
        <Field label={welcome.model}>
          {(field) => (
            <select {...field} className="input" value={model} onChange={({ target }) => setModel(target.value)}>
              {models.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={welcome.prompt}>
          {(field) => (
            <textarea
              {...field}
              className="input"
              maxLength={maxPromptCharacters}
              value={prompt}
              onChange={({ target }) => setPrompt(target.value)}
            />
          )}
        </Field>
        <div className="row">
          <Button look="solid" isPending={call.isPending} onClick={() => call.mutate()}>
            {welcome.run}
          </Button>
          {call.isPending && <Button onClick={() => running.current?.abort()}>{welcome.stop}</Button>}
        </div>
      </div>
      <div className="stack tight">
        <output className="answer" aria-label={welcome.answer} aria-live="polite" aria-busy={call.isPending}>
          {text === "" ? <span className="muted">{welcome.waiting}</span> : text}
        </output>
        {call.error !== null && !wasStopped && <ProblemNotice error={call.error} />}
        {call.data !== undefined && (
          <p className="small muted">
            {welcome.charged(welcome.sources[call.data.source ?? ""] ?? "", call.data.remaining ?? "")}{" "}
            {call.data.provider !== null &&
              call.data.costUsd !== null &&
              welcome.by(call.data.provider, call.data.costUsd)}
          </p>
        )}
      </div>
    </div>
  );
}
