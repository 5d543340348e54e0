import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";
import { hasSessionCookie } from "../api/client.ts";
import { onTold } from "../api/other-windows.ts";
import { sessionQuery } from "../api/session-query.ts";
import { pageHeads } from "../copy/heads.ts";
import { site } from "../copy/site.ts";
import { publicPages } from "../domain/page-paths.ts";
import { ButtonLink } from "./button.tsx";
import { useInBrowser } from "./in-browser.ts";
import { Logo } from "./logo.tsx";
import { Place } from "./place.tsx";
import { ThemeSwitch } from "./theme.tsx";

/** The frame of pages for everybody. */
export function PublicFrame() {
  usePublicTitle();
  const mayBeSignedIn = useInBrowser(hasSessionCookie, false, onTold);
  const session = useQuery({ ...sessionQuery, enabled: mayBeSignedIn });
  // What was read of a session whose cookies are gone is over.
  const isSignedIn = mayBeSignedIn && session.data !== undefined && session.data !== null;
  return (
    <>
      <a className="skip" href="#content">
        {site.skip}
      </a>
      <header className="bar">
        <div className="wide row apart">
          <Link to="/" className="home">
            <Logo />
          </Link>
          <nav aria-label={site.nav} className="row">
            <NavLink to="/pricing">{site.pricing}</NavLink>
            <NavLink to="/guide">{site.guide}</NavLink>
            {isSignedIn ? (
              <ButtonLink look="solid" size="small" to="/dashboard">
                {site.dashboard}
              </ButtonLink>
            ) : (
              <>
                <NavLink to="/sign-in">{site.signIn}</NavLink>
                <ButtonLink look="solid" size="small" to="/sign-up">
                  {site.signUp}
                </ButtonLink>
              </>
            )}
          </nav>
        </div>
      </header>
      <Place>
        <Outlet />
      </Place>
      <Footer />
    </>
  );
}

/** A page for everybody brings its title in its document; who comes from another page gets it here. */
function usePublicTitle(): void {
  const { pathname } = useLocation();
  useEffect(() => {
    const page = publicPages.find(({ path }) => path === pathname);
    if (page !== undefined) document.title = pageHeads[page.id].title;
  }, [pathname]);
}

function Footer() {
  const { footer } = site;
  return (
    <footer className="foot">
      <div className="wide foot-grid">
        <div className="stack tight">
          <Logo />
          <p className="small muted">{footer.line}</p>
          <p className="small muted">{footer.resets}</p>
        </div>
        <nav aria-label={footer.product} className="stack tight small">
          <strong>{footer.product}</strong>
          <Link to="/pricing">{site.pricing}</Link>
          <Link to="/terms">{footer.terms}</Link>
          <Link to="/status">{site.status}</Link>
        </nav>
        <nav aria-label={footer.developers} className="stack tight small">
          <strong>{footer.developers}</strong>
          <Link to="/guide">{site.guide}</Link>
          <a href="/docs/">{footer.reference}</a>
          <Link to="/docs/errors">{footer.errors}</Link>
        </nav>
        <ThemeSwitch />
      </div>
    </footer>
  );
}
