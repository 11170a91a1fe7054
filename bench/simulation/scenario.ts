import type { Clock } from '../../src/lib/clock.js'
import type { Contender } from './contenders.js'
import { Fleet, type FleetOptions } from './fleet.js'
import { Ledger, type Tally } from './ledger.js'
import { seeded } from './random.js'
import type { Traits } from './replica.js'
import { sendAll, type TrafficOptions } from './traffic.js'
import { VirtualClock } from './virtual-clock.js'

/** A fault or load that a stage is subjected to. */
export interface Scenario
  extends Pick<FleetOptions, 'queue' | 'timeoutSendMs'>,
    Pick<TrafficOptions, 'rate' | 'deadlineMs'> {
  readonly title: string
  /** What happens, and the expected result. */
  readonly story: string
  readonly replicas: number
  readonly requests: number
  /** The initial behaviour of a replica. */
  traits?(index: number): Partial<Traits>
  /** Events during the run. */
  play?(stage: { readonly fleet: Fleet; readonly clock: Clock }): void
}

/** No scenario takes longer, in virtual time. */
const latestMs = 60 * 60_000

/** Runs one contender in one scenario. The same seed gives the same figures. */
export async function simulate(scenario: Scenario, contender: Contender, seed: number = 1): Promise<Tally> {
  const clock = new VirtualClock()
  const ledger = new Ledger()
  const fleet = new Fleet({ ...scenario, clock, seed, ledger, contender })
  for (let index = 0; index < scenario.replicas; index++)
    fleet.start(`exec/rep-${index}`, scenario.traits?.(index))
  scenario.play?.({ fleet, clock })
  const { isOver } = sendAll({
    ...scenario,
    clock,
    ledger,
    random: seeded(seed + 1),
    handle: fleet.handle,
    hasMore: (count) => count < scenario.requests,
  })
  await clock.run(isOver, latestMs)
  fleet.close()
  return ledger.tally()
}
