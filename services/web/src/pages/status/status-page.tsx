import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../../api/queries.ts";
import { status as words } from "../../copy/status.ts";
import type { PlatformStatus } from "../../domain/answers.ts";
import { formatRelative } from "../../domain/format.ts";
import { Button } from "../../ui/button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { Notice } from "../../ui/notice.tsx";
import { Tag } from "../../ui/panel.tsx";

const tones = { operational: "good", degraded: "warn", down: "bad" } as const;
const parts = Object.entries(words.parts) as [PlatformStatus["parts"][number]["id"], { name: string; what: string }][];

/** Everything but the states stands there before they are known: nothing moves when they come. */
export function Page() {
  const { data, error, isFetching, refetch } = useQuery(statusQuery);
  const known = error === null ? data : undefined;
  const nowMs = useNowMs();
  return (
    <div className="wide stack loose article">
      <h1 className="page-title">{words.title}</h1>
      <div className="prose">
        {error === null ? (
          <Notice tone={data === undefined ? "good" : tones[data.state]}>
            {data === undefined ? words.looking : words.whole[data.state]}
          </Notice>
        ) : (
          <Notice tone="bad">{words.unreachable}</Notice>
        )}
      </div>
      <ul className="prose stack tight parts">
        {parts.map(([id, { name, what }]) => {
          const state = known?.parts.find((part) => part.id === id)?.state;
          return (
            <li key={id} className="row apart panel">
              <span>
                <strong>{name}</strong>
                <span className="small muted block">{what}</span>
              </span>
              <Tag tone={state && tones[state]}>{state === undefined ? words.unknown : words.states[state]}</Tag>
            </li>
          );
        })}
      </ul>
      <div className="row">
        <Button size="small" isPending={isFetching} onClick={() => void refetch()}>
          {words.again}
        </Button>
        {known !== undefined && (
          <span className="small muted">{words.checked(formatRelative(known.checkedAt, nowMs))}</span>
        )}
      </div>
    </div>
  );
}
