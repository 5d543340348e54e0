import { Field } from "./field.tsx";
import { secretOf } from "./form.tsx";

interface ListFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly name: string;
  readonly lines: readonly string[];
}

/** Several words, one a line. */
export function ListField({ label, hint, name, lines }: ListFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(field) => (
        <textarea {...field} className="input" data-mono rows={3} name={name} defaultValue={lines.join("\n")} />
      )}
    </Field>
  );
}

/** What such a field lists; null when that is nothing. */
export function listOf(form: FormData, name: string): string[] | null {
  const listed = secretOf(form, name)
    .split(/[\s,]+/)
    .filter((one) => one !== "");
  return listed.length === 0 ? null : listed;
}
