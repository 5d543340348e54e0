import { useId } from "react";

interface ChoiceProps<T extends string> {
  readonly look?: "switch" | "tabs";
  readonly legend: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

/** One of a few: radio buttons, side by side. */
export function Choice<T extends string>({ look = "switch", legend, value, options, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset>
      <legend className="unseen">{legend}</legend>
      <div className="choice" data-look={look}>
        {options.map(([id, label]) => (
          <label key={id}>
            <input className="unseen" type="radio" name={name} checked={id === value} onChange={() => onChange(id)} />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
