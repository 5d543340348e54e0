import { type ReactNode, useId } from "react";
import { site } from "../copy/site.ts";

interface PanelProps {
  readonly title: string;
  readonly hint?: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page with its own heading. */
export function Panel({ title, hint, action, children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <header>
        <div>
          <h2 id={id}>{title}</h2>
          {hint !== undefined && <p className="small muted">{hint}</p>}
        </div>
        {action}
      </header>
      {children}
    </section>
  );
}

interface PageHeadingProps {
  readonly title: string;
  readonly lead?: string;
  readonly action?: ReactNode;
}

/** The one h1 of a page. It names the document too. */
export function PageHeading({ title, lead, action }: PageHeadingProps) {
  return (
    <div className="row apart page-heading">
      <title>{`${title} | ${site.name}`}</title>
      <div>
        <h1>{title}</h1>
        {lead !== undefined && <p className="muted">{lead}</p>}
      </div>
      {action}
    </div>
  );
}

export function Tag({
  tone,
  children,
}: {
  readonly tone?: "good" | "warn" | "bad" | undefined;
  readonly children: ReactNode;
}) {
  return (
    <span className="tag" data-tone={tone}>
      {children}
    </span>
  );
}
