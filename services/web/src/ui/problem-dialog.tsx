import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ProblemNotice } from "./notice.tsx";

interface ProblemDialogProps {
  readonly title: string;
  /** Null: nothing is shown. */
  readonly error: Error | null;
  readonly onClose: () => void;
}

/** What was refused, where there is no form to say it in. */
export function ProblemDialog({ title, error, onClose }: ProblemDialogProps) {
  if (error === null) return null;
  return (
    <Dialog title={title} onClose={onClose}>
      <ProblemNotice error={error} />
      <div className="dialog-end">
        <Button onClick={onClose}>{states.close}</Button>
      </div>
    </Dialog>
  );
}
