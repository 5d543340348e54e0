import { ceilings } from "../copy/ceilings.ts";
import { states } from "../copy/site.ts";
import { ConfirmButton } from "./act-button.tsx";
import { CeilingField, ceilingOf } from "./ceiling-field.tsx";

interface CeilingButtonProps {
  /** Whose calls. */
  readonly of: string;
  readonly hint: string;
  readonly value: number | null | undefined;
  /** Null: no ceiling any more. */
  readonly set: (dailyCeiling: number | null) => Promise<unknown>;
}

/** Limits the calls a day of a key or a member. */
export const CeilingButton = ({ of, hint, value, set }: CeilingButtonProps) => (
  <ConfirmButton
    label={ceilings.set}
    title={ceilings.setTitle(of)}
    submit={states.save}
    submitLook="solid"
    act={(form) => set(ceilingOf(form))}
  >
    <p className="muted">{ceilings.lead}</p>
    <CeilingField hint={hint} value={value} />
  </ConfirmButton>
);
