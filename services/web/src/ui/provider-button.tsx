import { useQuery } from "@tanstack/react-query";
import { goToSignIn } from "../api/oidc.ts";
import { methodsQuery } from "../api/queries.ts";
import { auth } from "../copy/auth.ts";
import { ActButton } from "./act-button.tsx";

/** Signs in by the provider that this installation has, if it has one. `next`: a path of this site. */
export function ProviderButton({ next, again = false }: { readonly next: string; readonly again?: boolean }) {
  const oidc = useQuery(methodsQuery).data?.oidc ?? null;
  // Its room is there before it, and without it: nothing on the page moves.
  return (
    <div className="button-room">
      {oidc !== null && <ActButton label={auth.provider.go(oidc.name)} act={() => goToSignIn(next, again)} />}
    </div>
  );
}
