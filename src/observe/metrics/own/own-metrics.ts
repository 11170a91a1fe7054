import { show } from '../../../lib/show.js'
import { Histogram } from '../histogram.js'
import type { Metric, MetricValue } from '../report.js'
import { type Declaration, declare, declareMonitor, invalid } from './declaration.js'
import type {
  Counter,
  Gauge,
  GaugeOptions,
  HistogramOptions,
  MetricOptions,
  Metrics,
  Observed,
} from './metrics.js'

/** Series of one replica, of all its metrics together. */
const mostSeries = 1000

/** Longer values of labels are cut; in UTF-16 units. */
const longestLabel = 200

type Labels = Readonly<Record<string, string>>

/** One series: its labels and its value. */
interface Series {
  readonly labels: Labels
  value: number
  count: number
  readonly histogram: Histogram | undefined
}

/** What `OwnMetrics` shares with its metrics. */
interface Keeper {
  /** False: there is no room for another series. */
  admit(): boolean
  dropped(): void
}

/** A metric with its series, of any kind. */
class OwnMetric implements Counter, Gauge, Observed {
  readonly declaration: Declaration
  readonly read: (() => number | Promise<number>) | undefined
  readonly #keeper: Keeper
  readonly #series = new Map<string, Series>()

  constructor(declaration: Declaration, keeper: Keeper, read?: () => number | Promise<number>) {
    this.declaration = declaration
    this.read = read
    this.#keeper = keeper
    // a metric without labels is there from the start
    if (declaration.labels.length === 0 && read === undefined) this.#of(undefined)
  }

  add(amount: number, labels?: Labels): void {
    this.#check(amount)
    if (this.declaration.kind === 'counter' && amount < 0)
      throw invalid(`metric '${this.declaration.name}': a counter only grows; ${amount} is negative.`)
    const series = this.#of(labels)
    if (series !== undefined) series.value += amount
  }

  set(value: number, labels?: Labels): void {
    this.#check(value)
    const series = this.#of(labels)
    if (series !== undefined) series.value = value
  }

  observe(value: number, labels?: Labels): void {
    this.#check(value)
    const series = this.#of(labels)
    if (series === undefined) return
    series.value += value
    series.count++
    series.histogram?.observe(value)
  }

  async metric(added: Labels): Promise<Metric> {
    const { name, kind, help } = this.declaration
    const own = kind === 'summary' ? { runtime_name: added.pod! } : added
    const samples =
      this.read === undefined
        ? [...this.#series.values()].map((series) => ({
            labels: { ...series.labels, ...own },
            value: this.#valueOf(series),
          }))
        : await this.#readNow(this.read, own)
    return { name, kind, help, samples }
  }

  /** None when the function of the Executor throws or returns no number: the other metrics are served all the same. */
  async #readNow(read: () => number | Promise<number>, labels: Labels): Promise<Metric['samples']> {
    try {
      const value = await read()
      return Number.isFinite(value) ? [{ labels, value }] : []
    } catch {
      return []
    }
  }

  #valueOf({ value, count, histogram }: Series): MetricValue {
    if (histogram !== undefined) return histogram.distribution
    return this.declaration.kind === 'summary' ? { sum: value, count } : value
  }

  #check(value: number): void {
    if (Number.isFinite(value)) return
    throw invalid(`metric '${this.declaration.name}': a value is a finite number, not ${show(value)}.`)
  }

  /** Undefined when there is no room for it. */
  #of(labels: Labels | undefined): Series | undefined {
    const { labels: names, kind, buckets } = this.declaration
    const values = names.length === 0 && labels === undefined ? [] : this.#valuesOf(labels)
    const key = values.length === 1 ? values[0]! : JSON.stringify(values)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (!this.#keeper.admit()) {
      this.#keeper.dropped()
      return undefined
    }
    const series: Series = {
      labels: Object.fromEntries(names.map((name, index) => [name, values[index]!])),
      value: 0,
      count: 0,
      histogram: kind === 'histogram' ? new Histogram(buckets) : undefined,
    }
    this.#series.set(key, series)
    return series
  }

  #valuesOf(labels: Labels = {}): readonly string[] {
    const { name, labels: names } = this.declaration
    const unknown = Object.keys(labels).find((label) => !names.includes(label))
    if (unknown !== undefined)
      throw invalid(`metric '${name}': there is no label '${unknown}'; it has ${names.join(', ') || 'none'}.`)
    return names.map((label) => {
      const value: unknown = labels[label]
      if (typeof value !== 'string')
        throw invalid(`metric '${name}': the value of the label '${label}' is a text, not ${show(value)}.`)
      return value.length > longestLabel ? `${value.slice(0, longestLabel - 1)}…` : value
    })
  }
}

/** The metrics that an Executor declares. While they are off, declarations are checked and values are dropped. */
export class OwnMetrics implements Metrics {
  readonly #isOn: boolean
  readonly #metrics = new Map<string, OwnMetric>()
  readonly #keeper: Keeper
  #series = 0
  #dropped = 0

  constructor({ isOn }: { readonly isOn: boolean }) {
    this.#isOn = isOn
    this.#keeper = {
      admit: () => this.#series < mostSeries && ++this.#series > 0,
      dropped: () => void this.#dropped++,
    }
  }

  /** Values that were dropped because there were too many series. */
  get dropped(): number {
    return this.#dropped
  }

  counter<L extends string = never>(name: string, options?: MetricOptions<L>): Counter<L> {
    return this.#declared(declare('counter', name, options))
  }

  gauge<L extends string = never>(name: string, options: GaugeOptions<L> = {}): Gauge<L> {
    const { read } = options
    const declaration = declare('gauge', name, options)
    if (read !== undefined && (typeof read !== 'function' || declaration.labels.length > 0))
      throw invalid(`metric '${name}': read is a function, for a gauge without labels.`)
    return this.#declared(declaration, read)
  }

  histogram<L extends string = never>(name: string, options?: HistogramOptions<L>): Observed<L> {
    return this.#declared(declare('histogram', name, options))
  }

  monitor<T>(name: string, documentation: string, run: () => T): T {
    const end = this.timer(name, documentation)
    let result: T
    try {
      result = run()
    } catch (error) {
      end()
      throw error
    }
    if (result instanceof Promise) return result.finally(end) as T
    end()
    return result
  }

  /** Starts a measurement of the summary `jina_NAME`; the returned function ends it. @throws INVALID_OPTION */
  timer(name: string, documentation: string): () => void {
    if (!this.#isOn) return nothing
    const metric = this.#metrics.get(`jina_${name}`) ?? this.#declared(declareMonitor(name, documentation))
    const began = performance.now()
    return () => metric.observe((performance.now() - began) / 1000)
  }

  /** The current values; `added` are labels of every series. */
  collect(added: { readonly pod: string; readonly stage: string }): Promise<readonly Metric[]> {
    return Promise.all([...this.#metrics.values()].map((metric) => metric.metric(added)))
  }

  #declared(declaration: Declaration, read?: () => number | Promise<number>): OwnMetric {
    const { name } = declaration
    const known = this.#metrics.get(name)
    if (known !== undefined) {
      if (JSON.stringify(known.declaration) === JSON.stringify(declaration) && known.read === read)
        return known
      throw invalid(`metric '${name}' was declared before, with another kind, help, label or bucket.`)
    }
    const metric = this.#isOn ? new OwnMetric(declaration, this.#keeper, read) : new SilentMetric(declaration)
    this.#metrics.set(name, metric)
    return metric
  }
}

/** A metric while metrics are off. */
class SilentMetric extends OwnMetric {
  constructor(declaration: Declaration) {
    super(declaration, { admit: () => false, dropped: nothing })
  }

  override add(): void {}
  override set(): void {}
  override observe(): void {}
}

function nothing(): void {}
