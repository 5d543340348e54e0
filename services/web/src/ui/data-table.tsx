import type { ReactNode } from "react";

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** `head`: names its row. `num`: a figure. `actions`: what can be done with the row; its own name is for screen readers alone. */
  readonly kind?: "head" | "num" | "actions";
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** Long ones scroll in a frame of their own. */
  readonly isScrolled?: boolean;
}

/** Things, one a row, and what can be done with each. On a phone a row is a card with the names of its columns in it. */
export function DataTable<Row>({ label, columns, rows, keyOf, isScrolled = false }: DataTableProps<Row>) {
  return (
    <div className={`table-frame${isScrolled ? " scrolled" : ""}`} tabIndex={0} role="group" aria-label={label}>
      <table className="cards">
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind === "num" ? "num" : undefined}>
                {kind === "actions" ? <span className="unseen">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, kind, cell }) =>
                kind === "head" ? (
                  <th key={name} scope="row">
                    {cell(row)}
                  </th>
                ) : kind === "actions" ? (
                  <td key={name}>
                    <div className="actions">{cell(row)}</div>
                  </td>
                ) : (
                  <td key={name} className={kind} data-name={name}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
