import { ceilings } from "../copy/ceilings.ts";
import { TextField } from "./field.tsx";
import { textOf } from "./form.tsx";

const name = "dailyCeiling";

/** How many calls a day at most; empty: no such ceiling. */
export function CeilingField({ hint, value }: { readonly hint: string; readonly value: number | null | undefined }) {
  return (
    <TextField
      label={ceilings.label}
      hint={hint}
      name={name}
      type="number"
      inputMode="numeric"
      min={1}
      defaultValue={value ?? undefined}
    />
  );
}

/** What such a field says; null when it is empty. */
export function ceilingOf(form: FormData): number | null {
  const text = textOf(form, name);
  return text === "" ? null : Number(text);
}
