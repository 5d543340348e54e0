import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";

/** Stands in for a page that threw. A new release takes away the chunks of an open page: loading it again mends that. */
export function Crash() {
  return (
    <main className="narrow stack" id="content">
      <h1>{states.crashed}</h1>
      <p>{states.crashedAdvice}</p>
      <div>
        <Button look="solid" onClick={() => location.reload()}>
          {states.reload}
        </Button>
      </div>
    </main>
  );
}
