import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

export const burst: Scenario = {
  title: 'Burst: 50 replicas, half busy, then five times as many requests for 2 s',
  story:
    'A request has 1 s, a replica takes 4 at once and 500 may wait, so not all can be answered. Requests that cannot be answered in time should be refused at once rather than fail late, and the stage should recover right after the burst.',
  replicas: 50,
  requests: 12_000,
  rate: (ms) => rateFor(50, ms >= 4000 && ms < 6000 ? 2.5 : 0.5),
  queue: { maxRequests: 500, perReplica: 4 },
  deadlineMs: 1000,
}

export const lasting: Scenario = {
  title: 'Overload: 4 replicas, five times as many requests as they can answer, for a minute',
  story:
    'There are no deadlines. The first thousand wait as in a burst; after that only requests that can be answered within about two seconds are admitted. The replicas should be busy all the time: they can answer 4,600 in a minute, plus those waiting at its end.',
  replicas: 4,
  requests: 23_000,
  rate: () => rateFor(4, 5),
}

const isBrown = (index: number): boolean => index % 2 === 0

export const brownOut: Scenario = {
  title: 'Brown-out: half of 100 replicas are 5 times slower from 3 s to 6 s; a hop has 600 ms',
  story:
    'The rest can just carry the load. Hops that time out are retried, which adds load: the retry budget has to limit that to a fifth.',
  replicas: 100,
  requests: 12_000,
  rate: () => rateFor(100, 0.5),
  timeoutSendMs: 600,
  traits: (index) => ({ isBad: isBrown(index) }),
  play({ fleet, clock }) {
    const become = (slowness: number) => (): void => {
      for (const name of fleet.names) {
        const { traits } = fleet.replica(name)!
        if (traits.isBad) traits.slowness = () => slowness
      }
    }
    clock.after(3000, become(5))
    clock.after(6000, become(1))
  },
}
