import type { Success } from "../../domain/answers.ts";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { deadLettersQuery } from "../../api/operator-queries.ts";
import { operator } from "../../copy/operator.ts";
import { states } from "../../copy/site.ts";
import { formatDateTime, formatNumber } from "../../domain/format.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Notice, ProblemNotice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loading } from "../../ui/states.tsx";

type DeadLetter = Success<"/api/operator/dead-letters", "get">["items"][number];

const { letters: words } = operator;

/** Events that a consumer gave up on, and what can be done about each. */
export function DeadLetters() {
  const query = useInfiniteQuery(deadLettersQuery);
  const queries = useQueryClient();
  const [done, setDone] = useState<string | null>(null);
  const finish = async (said: string): Promise<void> => {
    setDone(said);
    await queries.invalidateQueries({ queryKey: deadLettersQuery.queryKey });
  };
  const pathOf = ({ durable, seq }: DeadLetter) => ({ path: { durable, seq } });
  const replay = async (letter: DeadLetter): Promise<void> => {
    const call = api.POST("/api/operator/dead-letters/{durable}/{seq}/replay", { params: pathOf(letter) });
    const { outcome } = await bodyOf(call);
    await finish(words.outcomes[outcome]);
  };
  const drop = async (letter: DeadLetter, form: FormData): Promise<void> => {
    const body = { reason: textOf(form, "reason") };
    await bodyOf(api.DELETE("/api/operator/dead-letters/{durable}/{seq}", { params: pathOf(letter), body }));
    await finish(words.dropped);
  };
  const items = query.data?.pages.flatMap((page) => page.items);
  return (
    <Panel title={words.title} hint={words.lead}>
      <div className="stack">
        {done !== null && <Notice>{done}</Notice>}
        {query.error !== null && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
        {items === undefined && query.error === null && <Loading />}
        {items?.length === 0 && <p className="muted">{words.none}</p>}
        {items !== undefined && items.length > 0 && (
          <DataTable label={words.title} columns={columnsOf(replay, drop)} rows={items} keyOf={({ seq }) => seq} />
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

function columnsOf(
  replay: (letter: DeadLetter) => Promise<void>,
  drop: (letter: DeadLetter, form: FormData) => Promise<void>,
): readonly Column<DeadLetter>[] {
  const { columns } = words;
  return [
    {
      name: columns.consumer,
      kind: "head",
      cell: ({ durable, seq }) => (
        <>
          {durable} <span className="small mono muted">{seq}</span>
        </>
      ),
    },
    {
      name: columns.reason,
      cell: ({ reason, payload }) => (
        <details className="letter">
          <summary>{reason}</summary>
          <pre className="small wrapped">{payload}</pre>
        </details>
      ),
    },
    { name: columns.deliveries, kind: "num", cell: ({ deliveries }) => formatNumber(deliveries) },
    { name: columns.since, cell: ({ at }) => <span className="nowrap">{formatDateTime(at)}</span> },
    {
      name: columns.actions,
      kind: "actions",
      cell: (letter) => (
        <>
          <ConfirmButton
            label={words.replay}
            title={words.replayTitle(letter.durable, letter.seq)}
            submitLook="solid"
            act={() => replay(letter)}
          >
            <p>{words.replayLead}</p>
          </ConfirmButton>
          <ConfirmButton
            label={words.drop}
            title={words.dropTitle(letter.durable, letter.seq)}
            act={(form) => drop(letter, form)}
          >
            <p>{words.dropLead}</p>
            <TextField label={words.reason} name="reason" required maxLength={100} />
          </ConfirmButton>
        </>
      ),
    },
  ];
}
