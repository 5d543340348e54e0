import { DataTable } from "./data-table.tsx";

interface FigureTableProps {
  readonly title: string;
  /** What stands there without rows. */
  readonly none: string;
  readonly columns: readonly string[];
  /** The first cell names the row; the others are figures. */
  readonly rows: readonly (readonly string[])[];
}

/** Names and their figures. */
export function FigureTable({ title, none, columns, rows }: FigureTableProps) {
  if (rows.length === 0) {
    return (
      <div>
        <h3>{title}</h3>
        <p className="muted">{none}</p>
      </div>
    );
  }
  return (
    <div>
      <h3 className="on-phone">{title}</h3>
      <DataTable
        label={title}
        columns={columns.map((name, index) => ({
          name: index === 0 ? title : name,
          kind: index === 0 ? ("head" as const) : ("num" as const),
          cell: (row: readonly string[]) => row[index],
        }))}
        rows={rows}
        // Rows of one name differ in another column.
        keyOf={(row) => row.join(" ")}
      />
    </div>
  );
}
