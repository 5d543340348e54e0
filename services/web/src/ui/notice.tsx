import type { ReactNode } from "react";
import { asProblem } from "../api/problem.ts";
import { states } from "../copy/site.ts";
import { Button } from "./button.tsx";

interface NoticeProps {
  readonly tone?: "good" | "warn" | "bad";
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

export function Notice({ tone = "good", children, action }: NoticeProps) {
  return (
    <div className="notice" data-tone={tone} role={tone === "bad" ? "alert" : "status"}>
      <div>{children}</div>
      {action}
    </div>
  );
}

/** What went wrong, what to do about it, and the id to name to support. */
export function ProblemNotice({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { message, nextStep, requestId } = asProblem(error);
  return (
    <Notice
      tone="bad"
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            {states.retry}
          </Button>
        )
      }
    >
      <strong>{message}</strong> {nextStep}
      {requestId !== "" && <div className="small muted mono">{states.requestId(requestId)}</div>}
    </Notice>
  );
}
