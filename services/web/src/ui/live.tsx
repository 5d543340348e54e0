import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { createLiveQueries } from "../api/live-queries.ts";
import { listenLive, type LiveState } from "../api/live.ts";
import { live } from "../copy/live.ts";
import { Tag } from "./panel.tsx";
import { useWorkspace } from "./workspace.ts";

const LiveContext = createContext<LiveState>("connecting");

/** What is below it shows what happens, as it happens. */
export function Live({ children }: { readonly children: ReactNode }) {
  const { orgId } = useWorkspace();
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => {
    const { stop, ...handlers } = createLiveQueries(queries, orgId);
    const end = listenLive(orgId, { ...handlers, onState: setState });
    return () => {
      end();
      stop();
      setState("connecting");
    };
  }, [queries, orgId]);
  return <LiveContext value={state}>{children}</LiveContext>;
}

const tones = { connecting: undefined, live: "good", stale: "warn", off: undefined } as const;

/** Whether the figures beside it follow what happens. */
export function LiveMark() {
  const state = useContext(LiveContext);
  return (
    <span role="status">
      <Tag tone={tones[state]}>{live[state]}</Tag>
    </span>
  );
}
