import { isProblem } from "./problem.ts";

/** Shows a dialog in which people prove who they are; false when they would rather not. */
type AskForProof = () => Promise<boolean>;

const asker: { ask: AskForProof | null } = { ask: null };

/** The one dialog that asks; the app's frame mounts it. */
export function onProofWanted(ask: AskForProof): () => void {
  asker.ask = ask;
  return () => {
    if (asker.ask === ask) asker.ask = null;
  };
}

/** Sensitive acts need a proof of the last 15 minutes: where it is missing it is asked for, and the act is tried once more. */
export async function withProof<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!isProblem(error, "reauthentication_required") || asker.ask === null) throw error;
    if (!(await asker.ask())) throw error;
    return act();
  }
}
