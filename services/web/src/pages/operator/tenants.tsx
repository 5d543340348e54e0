import type { Success } from "../../domain/answers.ts";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { tenantsQuery } from "../../api/operator-queries.ts";
import { operator } from "../../copy/operator.ts";
import { states } from "../../copy/site.ts";
import { formatDate, formatNanoUsd, formatNumber } from "../../domain/format.ts";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { ProblemNotice } from "../../ui/notice.tsx";
import { usePlanNames } from "../../ui/plan-names.ts";
import { Panel, Tag } from "../../ui/panel.tsx";
import { Loading } from "../../ui/states.tsx";

type Tenant = Success<"/api/operator/tenants", "get">["items"][number];
type Kind = Tenant["kind"];

const { tenants: words } = operator;
const kinds = Object.entries(words.kinds) as [Kind, string][];
const tones = { active: "good", unverified: undefined, deletion_pending: "warn", deleted: "bad" } as const;

/** Every customer, with plan, state and what they use today. */
export function Tenants() {
  const [kind, setKind] = useState<Kind>("org");
  const [search, setSearch] = useState("");
  const query = useInfiniteQuery(tenantsQuery(kind, search));
  const nameOf = usePlanNames();
  const items = query.data?.pages.flatMap((page) => page.items);
  return (
    <Panel title={words.title} action={<Choice legend={words.kind} value={kind} onChange={setKind} options={kinds} />}>
      <div className="stack">
        <form
          className="row search"
          onSubmit={(event) => {
            event.preventDefault();
            setSearch(textOf(new FormData(event.currentTarget), "search"));
          }}
        >
          <TextField label={words.search} name="search" type="search" maxLength={100} />
          <Button type="submit">{words.find}</Button>
        </form>
        {query.error !== null && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
        {items === undefined && query.error === null && <Loading />}
        {items?.length === 0 && <p className="muted">{words.none}</p>}
        {items !== undefined && items.length > 0 && (
          <DataTable label={words.title} columns={columnsOf(nameOf)} rows={items} keyOf={({ tenant }) => tenant} />
        )}
        {query.hasNextPage && (
          <div>
            <Button size="small" isPending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {states.more}
            </Button>
          </div>
        )}
      </div>
    </Panel>
  );
}

const { columns } = words;

const columnsOf = (nameOf: (plan: string) => string): readonly Column<Tenant>[] => [
  {
    name: columns.name,
    kind: "head",
    cell: ({ name, id }) => (
      <>
        {name} <span className="small mono muted block">{id}</span>
      </>
    ),
  },
  { name: columns.plan, cell: ({ plan }) => nameOf(plan) },
  {
    name: columns.seats,
    kind: "num",
    cell: ({ seats, activeMembers }) =>
      activeMembers === null ? formatNumber(seats) : words.seats(activeMembers, seats),
  },
  { name: columns.state, cell: ({ state }) => <Tag tone={tones[state]}>{words.states[state]}</Tag> },
  { name: columns.calls, kind: "num", cell: ({ today }) => formatNumber(today.calls) },
  { name: columns.cost, kind: "num", cell: ({ today }) => formatNanoUsd(today.costNanoUsd) },
  { name: columns.since, cell: ({ createdAt }) => formatDate(createdAt) },
];
