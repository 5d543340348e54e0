import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { withProof } from "../api/proof.ts";
import { Button } from "./button.tsx";
import { ProblemNotice } from "./notice.tsx";

interface FormProps {
  readonly submit: string;
  /** Throws a `Problem` for what was refused. */
  readonly act: (form: FormData) => Promise<unknown>;
  readonly children: ReactNode;
  /** Beside the button that submits. */
  readonly beside?: ReactNode;
  readonly look?: "solid" | "danger";
}

/** Fields and the one button that sends them; what the server refuses stands above the button. */
export function Form({ submit, act, children, beside, look = "solid" }: FormProps) {
  const mutation = useMutation({ mutationFn: (form: FormData) => withProof(() => act(form)) });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!mutation.isPending) mutation.mutate(new FormData(event.currentTarget));
      }}
    >
      {children}
      {mutation.error !== null && <ProblemNotice error={mutation.error} />}
      <div className="row">
        <Button look={look} type="submit" isPending={mutation.isPending}>
          {submit}
        </Button>
        {beside}
      </div>
    </form>
  );
}

/** A secret as it was typed: blanks count. */
export function secretOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** The text of a field; "" when there is none. */
export const textOf = (form: FormData, name: string): string => secretOf(form, name).trim();
