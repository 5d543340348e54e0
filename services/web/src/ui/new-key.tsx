import { keys } from "../copy/keys.ts";
import { CopyButton } from "./code.tsx";

/** The one time that a key is seen. */
export function NewKey({ secret }: { readonly secret: string }) {
  return (
    <div className="stack tight">
      <p className="small muted">{keys.madeLead}</p>
      <div className="secret">
        <code data-secret>{secret}</code>
        <CopyButton text={secret} label={keys.copyKey} />
      </div>
    </div>
  );
}
