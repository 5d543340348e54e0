import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { withProof } from "../api/proof.ts";
import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Form } from "./form.tsx";
import { ProblemDialog } from "./problem-dialog.tsx";

interface ActButtonProps {
  readonly label: string;
  /** What it does, where the label is a sign. */
  readonly name?: string;
  readonly act: () => Promise<unknown>;
  readonly look?: "solid" | "line" | "quiet" | "danger";
  readonly size?: "small" | "normal";
}

/** Does one thing at once; what was refused is said in a dialog. */
export function ActButton({ label, name, act, look = "line", size = "normal" }: ActButtonProps) {
  const mutation = useMutation({ mutationFn: () => withProof(act) });
  return (
    <>
      <Button
        look={look}
        size={size}
        aria-label={name}
        isPending={mutation.isPending}
        onClick={() => mutation.mutate()}
      >
        {label}
      </Button>
      <ProblemDialog title={name ?? label} error={mutation.error} onClose={() => mutation.reset()} />
    </>
  );
}

interface ConfirmButtonProps {
  readonly label: string;
  readonly title: string;
  /** What it will do, and fields that it needs. */
  readonly children: ReactNode;
  readonly act: (form: FormData) => Promise<unknown>;
  readonly submit?: string;
  readonly look?: "solid" | "line" | "quiet" | "danger";
  readonly submitLook?: "solid" | "danger";
  readonly size?: "small" | "normal";
}

/** Asks in a dialog before it does what cannot be undone, or needs to know more. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const { label, title, children, act, submit = label, look = "quiet", submitLook = "danger", size = "small" } = props;
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <Button look={look} size={size} onClick={() => setOpen(true)}>
        {label}
      </Button>
      {isOpen && (
        <Dialog title={title} onClose={close}>
          <Form
            submit={submit}
            look={submitLook}
            act={async (form) => {
              await act(form);
              close();
            }}
            beside={<Button onClick={close}>{states.cancel}</Button>}
          >
            {children}
          </Form>
        </Dialog>
      )}
    </>
  );
}
