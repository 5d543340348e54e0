import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { states } from "../copy/site.ts";
import { ProblemNotice } from "./notice.tsx";

/** What stands where something is about to be. */
export function Loading({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div className="stack tight" role="status">
      <span className="unseen">{states.loading}</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="ghost" />
      ))}
    </div>
  );
}

/** What stands where there is nothing yet: why, and what to do. */
export function Blank({ title, children, action }: BlankProps) {
  return (
    <div className="blank">
      <strong>{title}</strong>
      <p className="muted">{children}</p>
      {action}
    </div>
  );
}

interface BlankProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly lines?: number;
  readonly children: (value: T) => ReactNode;
}

/** The answer of a query, or what stands in its place while there is none. */
export function Loaded<T>({ query, lines, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading {...(lines === undefined ? {} : { lines })} />;
}
