import { performance } from "node:perf_hooks";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "@prometheus-io/client";

/** Its default of 10 ms wakes an idle process a hundred times a second: 1 % of a core for nothing. */
const lagResolutionMs = 100;
/** The library's own figures of the loop's utilization are quantiles over samples: ten a second, its default, cost each process 0.5 % of a core. */
const utilizationSampleMs = 10_000;

/** Every label with all the values it may ever take: a metric's series are known beforehand. */
export type LabelSets = Readonly<Record<string, readonly string[]>>;
type LabelNames<L extends LabelSets> = keyof L & string;

interface MetricOptions<L extends LabelSets> {
  /** `topdog_<service>_<noun>_<unit>`; a counter's ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: L;
}

export interface Metrics {
  readonly registry: Registry;
  /** `topdog_<service>_`: what the names of this process's metrics begin with. */
  readonly prefix: string;
  readonly contentType: string;
  /** Asking again for the same name gives the same metric. Every label combination starts at 0. */
  counter<const L extends LabelSets = Record<string, never>>(options: MetricOptions<L>): Counter<LabelNames<L>>;
  /** `collect` is called at each scrape and sets the value. */
  gauge<const L extends LabelSets = Record<string, never>>(
    options: MetricOptions<L> & { readonly collect?: (gauge: Gauge<LabelNames<L>>) => void | Promise<void> },
  ): Gauge<LabelNames<L>>;
  histogram<const L extends LabelSets = Record<string, never>>(
    options: MetricOptions<L> & { readonly buckets: readonly number[] },
  ): Histogram<LabelNames<L>>;
  text(): Promise<string>;
}

function combinations(labels: LabelSets): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (rows, [label, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [label]: value }))),
    [{}],
  );
}

function checkName(name: string, suffix: string): void {
  if (!/^topdog_[a-z0-9_]+$/.test(name) || !name.endsWith(suffix)) {
    throw new Error(`metric ${name} must be named topdog_<service>_<noun>_<unit>${suffix}`);
  }
}

/** One registry for one service's process, with the process's own metrics and its event loop's. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: lagResolutionMs,
    eventLoopUtilizationTimeout: utilizationSampleMs,
  });
  addEventLoopUtilization(registry);

  const once = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make();
  return {
    registry,
    prefix: `topdog_${service.replaceAll("-", "_")}_`,
    contentType: registry.contentType,
    counter: ({ name, help, labels }) => {
      checkName(name, "_total");
      return once(name, () => {
        const counter: Counter<string> = new Counter({
          name,
          help,
          labelNames: Object.keys(labels ?? {}),
          registers: [registry],
        });
        for (const row of combinations(labels ?? {})) counter.inc(row, 0);
        return counter;
      });
    },
    gauge: ({ name, help, labels, collect }) => {
      checkName(name, "");
      return once(name, () => {
        const gauge: Gauge<string> = new Gauge({
          name,
          help,
          labelNames: Object.keys(labels ?? {}),
          registers: [registry],
          ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
        });
        for (const row of combinations(labels ?? {})) gauge.set(row, 0);
        return gauge;
      });
    },
    histogram: ({ name, help, labels, buckets }) => {
      checkName(name, "");
      return once(name, () => {
        const labelNames = Object.keys(labels ?? {});
        const histogram: Histogram<string> = new Histogram({
          name,
          help,
          labelNames,
          buckets: [...buckets],
          registers: [registry],
        });
        for (const row of combinations(labels ?? {})) histogram.zero(row);
        return histogram;
      });
    },
    text: () => registry.metrics(),
  };
}

/** How busy the loop was since the last scrape, 0 to 1: what load shedding and the dashboards look at. */
function addEventLoopUtilization(registry: Registry): void {
  let last = performance.eventLoopUtilization();
  const gauge: Gauge<string> = new Gauge({
    name: "topdog_process_event_loop_utilization_ratio",
    help: "Share of time since the last scrape in which the event loop was busy",
    registers: [registry],
    collect: () => {
      const now = performance.eventLoopUtilization();
      gauge.set(performance.eventLoopUtilization(now, last).utilization);
      last = now;
    },
  });
}
