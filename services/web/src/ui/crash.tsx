import { useRouteError } from "react-router";
import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";

/** What browsers say of a part of the site that they could not load: they have no code for it. */
const notLoaded = /dynamically imported module|importing a module script|preload/i;

/** Stands in for a page that threw, or did not load: a new release takes away the chunks of an open page. Loading it again mends that. */
export function Crash() {
  const error = useRouteError();
  const isUnloaded = error instanceof Error && notLoaded.test(error.message);
  return (
    <main className="narrow stack" id="content">
      <h1>{isUnloaded ? states.notLoaded : states.crashed}</h1>
      <p>{isUnloaded ? states.notLoadedAdvice : states.crashedAdvice}</p>
      <div className="row">
        <Button look="solid" onClick={() => location.reload()}>
          {states.reload}
        </Button>
        <a href="/">{states.home}</a>
      </div>
    </main>
  );
}
