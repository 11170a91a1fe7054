import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

const tenTimesSlower = (index: number) => (index === 0 ? { isBad: true, slowness: () => 10 } : {})

export const slowOfFour: Scenario = {
  title: 'One of 4 replicas is 10 times slower',
  story:
    'It answers, so it is not ejected. An equal share is a quarter, more than three times its capacity: under round robin its queue grows without limit. Latencies should keep nearly all requests away from it.',
  replicas: 4,
  requests: 5000,
  rate: () => rateFor(4, 0.4),
  traits: tenTimesSlower,
}

export const slowOfHundred: Scenario = {
  title: 'One of 100 replicas is 10 times slower',
  story:
    'The same, but the slow replica is a hundredth of the stage: its requests determine p99 under round robin, and p99.9 under the others.',
  replicas: 100,
  requests: 12_000,
  rate: () => rateFor(100, 0.6),
  traits: tenTimesSlower,
}
