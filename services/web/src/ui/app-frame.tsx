import type { SessionView } from "../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, NavLink, Outlet, useLocation, useNavigate } from "react-router";
import { orgsQuery } from "../api/queries.ts";
import { sessionQuery } from "../api/session-query.ts";
import { signOut } from "../api/sign-in.ts";
import { app } from "../copy/app.ts";
import { site } from "../copy/site.ts";
import { ActButton } from "./act-button.tsx";
import { Live } from "./live.tsx";
import { Logo } from "./logo.tsx";
import { ProofDialog } from "./proof-dialog.tsx";
import { Place } from "./place.tsx";
import { Loaded } from "./states.tsx";
import { ThemeSwitch } from "./theme.tsx";
import { pathIn, useWorkspace } from "./workspace.ts";

/** The frame of pages for who is signed in; everybody else is asked to sign in first, and comes back. */
export function AppFrame() {
  const { pathname, search } = useLocation();
  const session = useQuery(sessionQuery);
  if (session.data === undefined) {
    return (
      <main className="narrow" id="content">
        <Loaded query={session}>{() => null}</Loaded>
      </main>
    );
  }
  if (session.data === null) return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
  return (
    // Somebody else begins anew: nothing of a page stays that was another person's.
    <Live key={session.data.userId}>
      <a className="skip" href="#content">
        {site.skip}
      </a>
      <div className="app">
        <Side session={session.data} />
        <Place className="place">
          <Outlet />
        </Place>
      </div>
      <ProofDialog />
    </Live>
  );
}

const places = ["dashboard", "keys", "byok", "billing", "org"] as const;

function Side({ session }: { readonly session: SessionView }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { orgId } = useWorkspace();
  const leave = async (): Promise<void> => {
    await signOut(queries);
    await navigate("/");
  };
  return (
    <header className="side">
      <Link to="/dashboard" className="home">
        <Logo />
      </Link>
      <WorkspaceSwitch orgId={orgId} />
      <nav aria-label={app.nav}>
        {places.map((place) => (
          <NavLink key={place} to={pathIn(`/${place}`, orgId)}>
            {app[place]}
          </NavLink>
        ))}
        <NavLink to="/account">{app.account}</NavLink>
        {session.admin && <NavLink to="/operator">{app.operator}</NavLink>}
      </nav>
      <div className="side-end small">
        <span className="muted email">{session.email}</span>
        <ThemeSwitch />
        <ActButton label={app.signOut} size="small" act={leave} />
      </div>
    </header>
  );
}

function WorkspaceSwitch({ orgId }: { readonly orgId: string | null }) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { data } = useQuery(orgsQuery);
  const here = places.some((place) => pathname === `/${place}`) ? pathname : "/dashboard";
  return (
    <select
      className="input"
      aria-label={app.workspace}
      value={orgId ?? ""}
      onChange={({ target }) => void navigate(pathIn(here, target.value === "" ? null : target.value))}
    >
      <option value="">{app.personal}</option>
      {orgId !== null && data?.items.every(({ id }) => id !== orgId) === true && (
        <option value={orgId}>{app.strange}</option>
      )}
      {data?.items.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}
