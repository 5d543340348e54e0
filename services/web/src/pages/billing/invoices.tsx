import type { Success } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { invoicesQuery } from "../../api/queries.ts";
import { billing } from "../../copy/billing.ts";
import { formatCents, formatDate } from "../../domain/format.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Panel, Tag } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type Invoice = Success<"/api/billing/invoices", "get">["items"][number];

const { columns } = billing;

const invoiceColumns: readonly Column<Invoice>[] = [
  { name: columns.number, kind: "head", cell: ({ id, number }) => number ?? id },
  { name: columns.date, cell: ({ createdAt }) => formatDate(createdAt) },
  {
    name: columns.status,
    cell: ({ status, dueCents }) => (
      <Tag tone={status === "paid" ? "good" : dueCents > 0 ? "warn" : undefined}>
        {billing.invoiceStatuses[status] ?? status}
      </Tag>
    ),
  },
  { name: columns.total, kind: "num", cell: ({ totalCents }) => formatCents(totalCents) },
  { name: columns.due, kind: "num", cell: ({ dueCents }) => formatCents(dueCents) },
  {
    name: columns.files,
    kind: "actions",
    cell: ({ hostedUrl, pdfUrl }) => (
      <>
        {hostedUrl !== null && <a href={hostedUrl}>{billing.view}</a>}
        {pdfUrl !== null && <a href={pdfUrl}>{billing.pdf}</a>}
      </>
    ),
  },
];

export function Invoices({ orgId }: { readonly orgId: string | null }) {
  const query = useQuery(invoicesQuery(orgId));
  return (
    <Panel title={billing.invoices}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{billing.noInvoices}</p>
          ) : (
            <DataTable label={billing.invoices} columns={invoiceColumns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
    </Panel>
  );
}
