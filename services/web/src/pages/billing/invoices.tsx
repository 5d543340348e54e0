import { useQuery } from "@tanstack/react-query";
import { invoicesQuery } from "../../api/queries.ts";
import { billing } from "../../copy/billing.ts";
import { formatCents, formatDate } from "../../domain/format.ts";
import { Panel, Tag } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

export function Invoices({ orgId }: { readonly orgId: string | null }) {
  const query = useQuery(invoicesQuery(orgId));
  const { columns } = billing;
  return (
    <Panel title={billing.invoices}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{billing.noInvoices}</p>
          ) : (
            <div className="table-frame" tabIndex={0} role="group" aria-label={billing.invoices}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{columns.number}</th>
                    <th scope="col">{columns.date}</th>
                    <th scope="col">{columns.status}</th>
                    <th scope="col" className="num">
                      {columns.total}
                    </th>
                    <th scope="col" className="num">
                      {columns.due}
                    </th>
                    <th scope="col">
                      <span className="unseen">{columns.files}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ id, number, createdAt, status, totalCents, dueCents, hostedUrl, pdfUrl }) => (
                    <tr key={id}>
                      <th scope="row">{number ?? id}</th>
                      <td>{formatDate(createdAt)}</td>
                      <td>
                        <Tag tone={status === "paid" ? "good" : dueCents > 0 ? "warn" : undefined}>{status}</Tag>
                      </td>
                      <td className="num">{formatCents(totalCents)}</td>
                      <td className="num">{formatCents(dueCents)}</td>
                      <td>
                        <span className="actions">
                          {hostedUrl !== null && <a href={hostedUrl}>{billing.view}</a>}
                          {pdfUrl !== null && <a href={pdfUrl}>{billing.pdf}</a>}
                        </span>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
