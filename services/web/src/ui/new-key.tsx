import { keys } from "../copy/keys.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./code.tsx";
import { Dialog } from "./dialog.tsx";

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

export function NewKeyDialog({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <Dialog title={keys.made} onClose={onClose}>
      <NewKey secret={secret} />
      <div className="dialog-end">
        <Button look="solid" onClick={onClose}>
          {keys.done}
        </Button>
      </div>
    </Dialog>
  );
}
