import type { Document } from '../document/index.js'
import { type ErrorCode, MillraceError } from '../errors.js'
import type { Flow } from '../flow/flow.js'
import { Faults } from './faults.js'
import { Ledger } from './ledger.js'
import { until } from './pause.js'
import { seeded } from '../lib/seeded.js'
import { complaintsAbout, complaintsOf, judge, LossError, type LossReport } from './report.js'
import { send } from './senders.js'

/** Tools for a script. */
export interface Scene<Stages extends string = string> {
  readonly flow: Flow<Stages>
  readonly faults: Faults<Stages>
  /** In [0, 1), the same numbers for the same seed. */
  readonly random: () => number
  /** Aborts when the script has taken too long. */
  readonly signal: AbortSignal
  /** Adds a line to the list of events. */
  note(event: string): void
}

/** Injects faults while requests are sent. */
export type Script<Stages extends string = string> = (scene: Scene<Stages>) => Promise<unknown>

/** Options of `expectZeroLoss`. */
export interface LossOptions {
  /** Default `/default`. */
  readonly endpoint?: string
  /** Parameters of every request. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Number of senders, each with one request in flight; the last one has a stream with up to four. Default 40, at least 2. */
  readonly senders?: number
  /** Codes of acceptable errors. Default none. */
  readonly allow?: readonly ErrorCode[]
  /** Must throw when the answer does not belong to the request with this id. */
  readonly check?: (answer: Document, id: string) => void
  /** Executions by document id, as counted by the Executor. */
  readonly executions?: () => ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>>
  /** How often one request may be executed. Default 1, which is right for writes. */
  readonly maxExecutions?: number
  /** Default 1. */
  readonly seed?: number
  /** Milliseconds for the script. Default 120,000. */
  readonly timeoutMs?: number
  /** Milliseconds after the script for the last answers, and until every stage has all its replicas. Default 30,000. */
  readonly settleMs?: number
}

let runs = 0
/** Number of failures after which the test stops. */
const enoughFailures = 100

/**
 * Sends numbered documents to an endpoint, one per request, from many senders while a script injects faults, and resolves
 * with a report.
 *
 * Half of the senders use the Flow's own client and half use separate gRPC clients; one keeps a long stream. Documents have
 * their number as `id` and `text`, and their answers must have the same `id`.
 *
 * Rejects with an AssertionError (a `LossError`, which has the report) when a request got no answer, two answers, or another
 * request's answer; when one failed with a code that is not in `allow`; when one ran more often than allowed, or was answered
 * without having run; when a stage does not have all its replicas at the end. Rejects with what the script throws.
 *
 * @example
 * const report = await expectZeroLoss(flow, async ({ faults }) => {
 *   await faults.healed(faults.kill('encoder'))
 * }, { endpoint: '/encode' })
 */
export async function expectZeroLoss<Stages extends string>(
  flow: Flow<Stages>,
  script: Script<Stages>,
  options: LossOptions = {},
): Promise<LossReport> {
  const { endpoint = '/default', parameters = {}, senders = 40, allow = [], check = () => {} } = options
  const { seed = 1, timeoutMs = 120_000, settleMs = 30_000 } = options
  if (!Number.isInteger(senders) || senders < 2) {
    throw new MillraceError('INVALID_OPTION', `senders must be a whole number from 2, not ${senders}.`)
  }
  const ledger = new Ledger({ prefix: `r${process.pid}-${++runs}-`, allow, check })
  const giveUp = new AbortController()
  const began = performance.now()
  let over = false
  const sending = send({
    flow,
    endpoint,
    count: senders,
    parameters,
    ledger,
    signal: giveUp.signal,
    enough: () => over || ledger.unexpected >= enoughFailures,
  })
  const stage = new Stage(flow, seed)
  try {
    await stage.play(script, timeoutMs)
  } finally {
    over = true
    // wait for outstanding answers, also when the script has failed
    await within(sending, settleMs)
    giveUp.abort()
    await sending
  }
  const seconds = (performance.now() - began) / 1000
  const ended = performance.now()
  const whole = await until(() => isWhole(flow), { timeoutMs: settleMs })
  const recoveredMs = performance.now() - ended
  const counts = await options.executions?.()
  const ran = counts && judge(counts, ledger, options.maxExecutions ?? 1)
  const report: LossReport = {
    sent: ledger.sent,
    answered: ledger.answered,
    lost: ledger.open.length,
    twice: ledger.twice.length,
    errors: ledger.errors,
    executedTwice: ran?.tooOften.length ?? null,
    seconds,
    p50: ledger.latencies.percentile(0.5),
    p99: ledger.latencies.percentile(0.99),
    recoveredMs,
    events: stage.events,
  }
  const complaints = [
    ...complaintsOf(ledger),
    ...(ran === undefined ? [] : complaintsAbout(ran)),
    ...(whole ? [] : [`not every stage has all its replicas after ${settleMs} ms: ${await describe(flow)}`]),
  ]
  if (complaints.length === 0) return report
  throw new LossError([...complaints, `The script (seed ${seed}):`, ...stage.events].join('\n  '), report)
}

/** Context of a script, and its events. */
class Stage<Stages extends string> {
  readonly events: string[] = []
  readonly #flow: Flow<Stages>
  readonly #random: () => number
  readonly #began = performance.now()

  constructor(flow: Flow<Stages>, seed: number) {
    this.#flow = flow
    this.#random = seeded(seed)
  }

  async play(script: Script<Stages>, timeoutMs: number): Promise<void> {
    const note = (event: string): void => {
      this.events.push(`${((performance.now() - this.#began) / 1000).toFixed(2)} s: ${event}`)
    }
    await using faults = new Faults(this.#flow, {
      random: this.#random,
      onHit: ({ fault, pod, pid }) => note(`${fault} to ${pod} (${pid})`),
    })
    const signal = new AbortController()
    const scene: Scene<Stages> = {
      flow: this.#flow,
      faults,
      random: this.#random,
      signal: signal.signal,
      note,
    }
    const late = new MillraceError('DEADLINE_EXCEEDED', `The script took longer than ${timeoutMs} ms.`)
    const timer = setTimeout(() => signal.abort(late), timeoutMs)
    const cut = new Promise<never>((_, reject) => {
      signal.signal.addEventListener('abort', () => reject(late))
    })
    try {
      await Promise.race([script(scene), cut])
    } finally {
      clearTimeout(timer)
    }
  }
}

async function within(event: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([event, late])
  clearTimeout(timer)
}

async function isWhole(flow: Flow<string>): Promise<boolean> {
  const { stages } = await flow.status()
  return stages.every(
    ({ ready, replicas, pods }) => ready === replicas && pods.every(({ state }) => state === 'ready'),
  )
}

async function describe(flow: Flow<string>): Promise<string> {
  const { stages } = await flow.status()
  const lines = stages.map(({ name, ready, replicas, degraded, pods }) => {
    const states = pods.map((pod) => `${pod.name} ${pod.state}`).join(', ')
    return `${name} ${ready} of ${replicas} (${states})${degraded === null ? '' : `, ${degraded}`}`
  })
  return lines.join('; ')
}
