import type { Call, Handler } from '../../call/call.js'
import { codeOf } from '../../call/observation.js'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { Histogram } from '../../observe/metrics/histogram.js'
import type { MetricReport } from '../../observe/metrics/report.js'
import { catchAll } from '../../topology/stage.js'

/** The label of endpoints that no Executor serves: clients choose names, and must not choose the number of series. */
const unlisted = 'other'

export interface RequestMeterOptions {
  readonly clock: Clock
  /** Value of the label `runtime_name`. */
  readonly runtimeName: string
  /** Whether an Executor lists this endpoint: `/default` where one serves all others. */
  isListed(endpoint: string): boolean
}

/** Requests of one endpoint over one protocol. */
class Series {
  readonly seconds = new Histogram()
  /** Failed requests by code. */
  readonly failed = new Map<string, number>()
  readonly endpoint: string
  readonly protocol: string
  /** Successful requests, which nearly all are: a field of their own saves each a look into the map. */
  ok = 0
  okSeconds = 0

  constructor(endpoint: string, protocol: string) {
    this.endpoint = endpoint
    this.protocol = protocol
  }
}

/** Counts and times the requests of a gateway. */
export class RequestMeter {
  readonly #options: RequestMeterOptions
  /** By protocol, then by endpoint. */
  readonly #series = new Map<string, Map<string, Series>>()
  /** The series of the last request, which is often that of the next one. */
  #last: Series | undefined
  #inFlight = 0
  #arrived = 0
  #bytesIn = 0
  #bytesOut = 0

  constructor(options: RequestMeterOptions) {
    this.#options = options
  }

  /** Wraps a handler so that its requests are measured. */
  measure(next: Handler): Handler {
    const { clock } = this.#options
    return (request, call) => {
      const began = clock.monotonic()
      this.#inFlight++
      this.#arrived++
      this.#bytesIn += request.dataLength
      const { endpoint } = request // the handler may change it
      return next(request, call).then(
        (answer) => {
          const series = this.#of(endpoint, call)
          const seconds = this.#ended(series, began)
          if (answer.status?.code === 'ERROR') failed(series, codeOf({ kind: 'answered', answer }))
          else {
            series.ok++
            series.okSeconds += seconds
            this.#bytesOut += answer.dataLength
          }
          return answer
        },
        (error: unknown) => {
          const series = this.#of(endpoint, call)
          this.#ended(series, began)
          failed(series, MillraceError.from(error).code)
          throw error
        },
      )
    }
  }

  collect(report: MetricReport): void {
    const runtime_name = this.#options.runtimeName
    const all = [...this.#series.values()].flatMap((endpoints) => [...endpoints.values()])
    let ok = 0
    let notOk = 0
    for (const { endpoint, protocol, seconds, failed, ok: succeeded } of all) {
      if (succeeded > 0) report.add('millrace_requests_total', { endpoint, protocol, code: 'OK' }, succeeded)
      ok += succeeded
      for (const [code, count] of failed) {
        report.add('millrace_requests_total', { endpoint, protocol, code }, count)
        notOk += count
      }
      report.add('millrace_request_seconds', { endpoint, protocol }, seconds.distribution)
    }
    const okSeconds = all.reduce((sum, series) => sum + series.okSeconds, 0)
    report.add('millrace_requests_in_flight', {}, this.#inFlight)
    report.add('jina_receiving_request_seconds', { runtime_name }, { sum: okSeconds, count: ok })
    report.add('jina_number_of_pending_requests', { runtime_name }, this.#inFlight)
    report.add('jina_successful_requests_total', { runtime_name }, ok)
    report.add('jina_failed_requests_total', { runtime_name }, notOk)
    const received = { sum: this.#bytesIn, count: this.#arrived }
    report.add('jina_received_request_bytes', { runtime_name }, received)
    report.add('jina_sent_response_bytes', { runtime_name }, { sum: this.#bytesOut, count: ok })
  }

  /** Returns the seconds that a request took. */
  #ended(series: Series, began: number): number {
    this.#inFlight--
    const seconds = (this.#options.clock.monotonic() - began) / 1000
    series.seconds.observe(seconds)
    return seconds
  }

  #of(endpoint: string, { sender }: Call): Series {
    const protocol = sender?.protocol ?? ''
    const last = this.#last
    if (last !== undefined && last.endpoint === endpoint && last.protocol === protocol) return last
    return (this.#last = this.#find(endpoint, protocol))
  }

  #find(endpoint: string, protocol: string): Series {
    let endpoints = this.#series.get(protocol)
    if (endpoints === undefined) this.#series.set(protocol, (endpoints = new Map()))
    const known = endpoints.get(endpoint)
    if (known !== undefined) return known
    const label = this.#labelOf(endpoint)
    let series = endpoints.get(label)
    if (series === undefined) endpoints.set(label, (series = new Series(label, protocol)))
    return series
  }

  #labelOf(endpoint: string): string {
    const { isListed } = this.#options
    return isListed(endpoint) ? endpoint : isListed(catchAll) ? catchAll : unlisted
  }
}

function failed(series: Series, code: string): void {
  series.failed.set(code, (series.failed.get(code) ?? 0) + 1)
}
