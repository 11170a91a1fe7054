import type { Sender } from '../../../src/call/call.js'
import { Scope } from '../../../src/call/scope.js'
import { MillraceError } from '../../../src/errors.js'
import { DataRequest } from '../../../src/wire/data-request.js'
import type { Contender } from '../contenders.js'
import { Fleet } from '../fleet.js'
import { Ledger } from '../ledger.js'
import { percentile } from '../percentile.js'
import { meanServiceMs } from '../service-time.js'
import { VirtualClock } from '../virtual-clock.js'

/** A client that sends many requests at once, beside one that sends one after the other. */
export interface Neighbourhood {
  readonly replicas: number
  /** Number of requests that the greedy client sends at once. */
  readonly requests: number
  readonly connections: number
}

/** Latencies of the modest client, in multiples of the mean duration of a request. */
export interface Delay {
  readonly answered: number
  readonly refused: number
  readonly p50: number
  readonly p99: number
  /** Of the greedy client. */
  readonly theirsAnswered: number
}

const betweenMs = 100
const latestMs = 60 * 60_000

/** Runs one contender with both clients until the greedy client has all answers. The same seed gives the same figures. */
export async function besideOthers(
  { replicas, requests, connections }: Neighbourhood,
  contender: Contender,
  seed: number = 1,
): Promise<Delay> {
  const clock = new VirtualClock()
  const ledger = new Ledger()
  const fleet = new Fleet({ clock, seed, ledger, contender })
  for (let index = 0; index < replicas; index++) fleet.start(`exec/rep-${index}`)

  const send = async (sender: Sender): Promise<boolean> => {
    const requestId = String(ledger.arrived(clock.monotonic()))
    const request = DataRequest.create({ endpoint: '/search', requestId })
    try {
      await fleet.handle(request, new Scope(Number.POSITIVE_INFINITY, {}, sender))
      return true
    } catch (error) {
      if (MillraceError.from(error).code !== 'RESOURCE_EXHAUSTED') throw error
      return false
    }
  }

  const senders = Array.from({ length: connections }, () => ({ patient: false }))
  let open = requests
  let theirsAnswered = 0
  for (let index = 0; index < requests; index++) {
    void send(senders[index % connections]!).then((isAnswered) => {
      open--
      if (isAnswered) theirsAnswered++
    })
  }

  const mine = { patient: false }
  const times: number[] = []
  let refused = 0
  const next = (): void => {
    if (open === 0) return
    const began = clock.monotonic()
    void send(mine).then((isAnswered) => {
      if (isAnswered) times.push((clock.monotonic() - began) / meanServiceMs)
      else refused++
      clock.after(betweenMs, next)
    })
  }
  clock.after(betweenMs, next)
  await clock.run(() => open === 0, latestMs)
  fleet.close()
  const sorted = Float64Array.from(times).sort()
  const [p50, p99] = [percentile(sorted, 50), percentile(sorted, 99)]
  return { answered: times.length, refused, p50, p99, theirsAnswered }
}
