import { type LabelsOf, type MetricKind, type MetricName, metricTable } from '../metric-names.js'
import type { Distribution } from './histogram.js'

/** Sum and number of observations. */
export interface Total {
  readonly sum: number
  readonly count: number
}

/** A number for a counter or a gauge, a `Total` for a summary, a `Distribution` for a histogram. */
export type MetricValue = number | Total | Distribution

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: MetricValue
}

/** A metric with its series; plain data. */
export interface Metric {
  readonly name: string
  readonly kind: MetricKind
  readonly help: string
  readonly samples: Sample[]
}

/** What a kind of metric needs as the value of a series. */
type ValueOf<N extends MetricName> = {
  counter: number
  gauge: number
  summary: Total
  histogram: Distribution
}[(typeof metricTable)[N]['kind']]

/** The values of all metrics at one moment, by name, in the order in which they were added. */
export class MetricReport {
  readonly #metrics = new Map<string, Metric>()
  /** The names of the series of all metrics. */
  readonly #series = new Set<string>()

  /** Adds a series of a metric of the table. */
  add<N extends MetricName>(name: N, labels: LabelsOf<N>, value: ValueOf<N>): void {
    this.#metric({ name, ...metricTable[name] }).samples.push({ labels, value })
  }

  /**
   * Adds the metrics of a pod. Returns the names of those that are left out: of another kind than a metric of this name has
   * already, or with a series that is one of another metric.
   */
  merge(metrics: readonly Metric[]): readonly string[] {
    return metrics.flatMap(({ name, kind, help, samples }) => {
      const listed = Object.hasOwn(metricTable, name) ? metricTable[name as MetricName] : undefined
      if (!this.#mayHave(name, kind)) return [name]
      this.#metric({ name, kind, help: listed?.help ?? help }).samples.push(...samples)
      return []
    })
  }

  /** Whether a metric may be reported beside the others. */
  #mayHave(name: string, kind: MetricKind): boolean {
    const known = this.#metrics.get(name)
    if (known !== undefined) return known.kind === kind
    return namesOf({ name, kind }).every((series) => !this.#series.has(series))
  }

  get metrics(): readonly Metric[] {
    return [...this.#metrics.values()]
  }

  #metric({ name, kind, help }: Omit<Metric, 'samples'>): Metric {
    let metric = this.#metrics.get(name)
    if (metric !== undefined) return metric
    this.#metrics.set(name, (metric = { name, kind, help, samples: [] }))
    for (const series of namesOf(metric)) this.#series.add(series)
    return metric
  }
}

/** The name of a metric and those of its series. */
function namesOf({ name, kind }: Pick<Metric, 'name' | 'kind'>): readonly string[] {
  if (kind === 'counter') return [name, name.replace(/_total$/, '')] // the second in OpenMetrics
  if (kind === 'gauge') return [name]
  return [name, `${name}_sum`, `${name}_count`, ...(kind === 'histogram' ? [`${name}_bucket`] : [])]
}
