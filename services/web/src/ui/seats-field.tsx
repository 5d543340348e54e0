import type { Tier } from "../domain/answers.ts";
import { maxSeats, seatsWithin } from "../domain/seat-math.ts";
import { TextField } from "./field.tsx";

interface SeatsFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly tier: Tier;
  /** As it was typed: it may be empty, or too few, until the field is left. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** How many seats of a plan: when it is left it says how many that are, as they are counted and priced. */
export const SeatsField = ({ label, hint, tier, value, onChange }: SeatsFieldProps) => (
  <TextField
    label={label}
    hint={hint}
    type="number"
    inputMode="numeric"
    min={tier.minimumSeats}
    max={maxSeats}
    value={value}
    onChange={({ target }) => onChange(target.value)}
    onBlur={() => onChange(String(seatsWithin(tier, Number(value))))}
  />
);
