import type { Success } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { openBreakersQuery } from "../../api/operator-queries.ts";
import { statusQuery } from "../../api/queries.ts";
import { operator } from "../../copy/operator.ts";
import { status as statusWords } from "../../copy/status.ts";
import { formatRelative } from "../../domain/format.ts";
import { useNowMs } from "../../ui/clock.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Panel, Tag } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type Breaker = Success<"/api/operator/providers", "get">["items"][number];

const { providers: words } = operator;
const tones = { closed: "good", half_open: "warn", open: "bad" } as const;
const partTones = { operational: "good", degraded: "warn", down: "bad" } as const;

/** How the parts of the platform are, and which breakers are not closed. */
export function Providers() {
  const query = useQuery(openBreakersQuery);
  const status = useQuery(statusQuery);
  const nowMs = useNowMs();
  return (
    <Panel title={words.title} hint={words.lead}>
      <div className="stack">
        <ul className="row tags">
          {status.data?.parts.map(({ id, state }) => (
            <li key={id}>
              <Tag tone={partTones[state]}>
                {statusWords.parts[id].name}: {statusWords.states[state].toLowerCase()}
              </Tag>
            </li>
          ))}
        </ul>
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="muted">{words.none}</p>
            ) : (
              <DataTable
                label={words.title}
                columns={columnsOf(nowMs)}
                rows={items}
                keyOf={({ routerId, provider, modelFamily }) => `${routerId} ${provider} ${modelFamily}`}
              />
            )
          }
        </Loaded>
      </div>
    </Panel>
  );
}

function columnsOf(nowMs: number): readonly Column<Breaker>[] {
  const { columns } = words;
  return [
    { name: columns.provider, kind: "head", cell: ({ provider }) => provider },
    { name: columns.family, cell: ({ modelFamily }) => modelFamily },
    { name: columns.state, cell: ({ state }) => <Tag tone={tones[state]}>{words.states[state]}</Tag> },
    { name: columns.router, cell: ({ routerId }) => <span className="small mono muted">{routerId}</span> },
    { name: columns.since, cell: ({ at }) => formatRelative(at, nowMs) },
  ];
}
