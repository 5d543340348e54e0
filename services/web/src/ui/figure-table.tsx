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
    <div className="table-frame" tabIndex={0} role="group" aria-label={title}>
      <table>
        <caption className="unseen">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{title}</th>
            {columns.slice(1).map((column) => (
              <th key={column} scope="col" className="num">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...figures], row) => (
            // Rows of one name differ in another column.
            <tr key={`${name} ${row}`}>
              <th scope="row">{name}</th>
              {figures.map((figure, index) => (
                <td key={columns[index + 1]} className="num">
                  {figure}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
