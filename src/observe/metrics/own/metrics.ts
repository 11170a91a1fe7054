/** How a metric of an Executor is declared. `L`: the names of its labels. */
export interface MetricOptions<L extends string = never> {
  /** One sentence for those who read the metrics. Default: the name of the metric. */
  readonly help?: string
  /** Names of its labels: letters, digits and `_`. Default none. `pod` and `stage` are added by Millrace. */
  readonly labels?: readonly L[]
}

export interface GaugeOptions<L extends string = never> extends MetricOptions<L> {
  /** Returns the value when the metrics are read. Only for a gauge without labels; it then has no `set` and `add` of its own. */
  readonly read?: () => number | Promise<number>
}

export interface HistogramOptions<L extends string = never> extends MetricOptions<L> {
  /** Upper bounds of the buckets, ascending and finite, at most 50. Default: 0.0005 to 30, for seconds. */
  readonly buckets?: readonly number[]
}

/** A value for each label; nothing where there are no labels. */
export type LabelValues<L extends string> = [L] extends [never] ? [] : [labels: Readonly<Record<L, string>>]

/** A number that only grows. */
export interface Counter<L extends string = never> {
  /** Adds `amount`, which is not negative. */
  add(amount: number, ...labels: LabelValues<L>): void
}

/** A number that goes up and down. */
export interface Gauge<L extends string = never> {
  /** Sets the value. */
  set(value: number, ...labels: LabelValues<L>): void
  /** Adds `amount`, which may be negative, to the value; a gauge begins at 0. */
  add(amount: number, ...labels: LabelValues<L>): void
}

/** A histogram: values are counted in buckets. */
export interface Observed<L extends string = never> {
  /** Counts one value. */
  observe(value: number, ...labels: LabelValues<L>): void
}

/**
 * Metrics of an Executor, served with those of Millrace when the Flow has `metrics`; otherwise values go nowhere. Each series
 * gets the labels `pod` and `stage`. A name is declared once: the same declaration again returns the same metric.
 *
 * The methods throw INVALID_OPTION for a name, label, value or bucket that Prometheus would refuse, names that begin with
 * `millrace_` or `jina_`, and a second declaration that differs. A replica keeps at most 1000 series: values with further
 * combinations of labels are dropped, and counted in `millrace_own_values_dropped_total`.
 */
export interface Metrics {
  /** A number that only grows. Its name ends with `_total`. */
  counter<L extends string = never>(name: string, options?: MetricOptions<L>): Counter<L>
  /** A number that goes up and down. */
  gauge<L extends string = never>(name: string, options?: GaugeOptions<L>): Gauge<L>
  /** Counts values in buckets. */
  histogram<L extends string = never>(name: string, options?: HistogramOptions<L>): Observed<L>
  /**
   * Runs a function and measures its seconds, failed runs included, as Jina's `self.monitor(name, documentation)`: a summary
   * `jina_NAME` with the label `runtime_name`.
   */
  monitor<T>(name: string, documentation: string, run: () => T): T
}
