import { type ReactNode, useEffect, useRef } from "react";
import { ScrollRestoration, useLocation, useNavigation } from "react-router";
import { states } from "../copy/site.ts";

interface PlaceProps {
  readonly className?: string;
  readonly children: ReactNode;
}

/**
 * Where the page stands. Another page begins at its top, or at the part that its address names, and going back leads to where one was. What had the
 * focus is often gone with the page before: then the place takes it, so that the keyboard goes on from here.
 */
export function Place({ className, children }: PlaceProps) {
  const place = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true });
  }, [pathname]);
  const isUnderWay = useNavigation().state !== "idle";
  return (
    <main ref={place} id="content" className={className} tabIndex={-1} aria-busy={isUnderWay || undefined}>
      {isUnderWay && (
        <span className="under-way" role="status">
          <span className="unseen">{states.loading}</span>
        </span>
      )}
      {children}
      <ScrollRestoration />
    </main>
  );
}
