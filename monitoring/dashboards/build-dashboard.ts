import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel as GrafanaPanel,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  VizLegendOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Board, Panel } from "./board.ts";

const datasource = { type: "prometheus", uid: "${datasource}" };
const columns = 24;
const panelsInRow = 3;
const panelHeight = 8;
const schemaVersion = 41;

/** Green until `badFrom`, or from `badBelow` on. */
function thresholds({ badFrom, badBelow }: Panel): ThresholdsConfigBuilder | undefined {
  const [low, edge, high] =
    badBelow === undefined ? (["green", badFrom, "red"] as const) : (["red", badBelow, "green"] as const);
  if (edge === undefined) return undefined;
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: low },
    { value: edge, color: high },
  ]);
}

function targets({ queries, shown }: Panel): DataqueryBuilder[] {
  return queries.map(({ expr, legend }, index) => {
    const one = new DataqueryBuilder()
      .expr(expr)
      .legendFormat(legend)
      .datasource(datasource)
      .refId(String.fromCodePoint("A".codePointAt(0)! + index));
    return shown === "now" ? one.instant() : one.range();
  });
}

function buildPanel(panel: Panel, id: number): Builder<GrafanaPanel> {
  const limits = thresholds(panel);
  const builder =
    panel.shown === "now"
      ? new StatBuilder()
      : new LinesBuilder()
          .lineWidth(1)
          .fillOpacity(5)
          .legend(
            new VizLegendOptionsBuilder()
              .displayMode(LegendDisplayMode.List)
              .placement(LegendPlacement.Bottom)
              .showLegend(true),
          );
  builder.id(id).title(panel.title).description(panel.description).unit(panel.unit).datasource(datasource);
  builder
    .targets(targets(panel))
    .span(columns / panelsInRow)
    .height(panelHeight);
  if (limits !== undefined) builder.thresholds(limits);
  if (limits !== undefined && builder instanceof LinesBuilder) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}

/** The dashboard as Grafana reads it from a file: any Grafana since 10. Ids are its order, so that a difference shows what changed. */
export function buildDashboard(board: Board): object {
  const dashboard = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags(["topdog"])
    .timezone("utc")
    .refresh("30s")
    .time({ from: "now-3h", to: "now" })
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
  let id = 0;
  for (const row of board.rows) {
    dashboard.withRow(new RowBuilder(row.title).id((id += 1)));
    for (const panel of row.panels) dashboard.withPanel(buildPanel(panel, (id += 1)));
  }
  return { ...dashboard.build(), schemaVersion };
}
