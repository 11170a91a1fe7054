import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

const tenTimesSlower = (index: number) => (index === 0 ? { isBad: true, slowness: () => 10 } : {})

export const slowOfFour: Scenario = {
  title: 'One of 4 replicas is 10 times slower',
  story:
    'It answers, so nothing ejects it. A fair share is a quarter, and more than three times what it can do: under round robin its queue has no end. Latencies should keep nearly everything away from it.',
  replicas: 4,
  requests: 5000,
  rate: () => rateFor(4, 0.4),
  traits: tenTimesSlower,
}

export const slowOfHundred: Scenario = {
  title: 'One of 100 replicas is 10 times slower',
  story:
    'The same, where the slow one is a hundredth of the stage: what it gets decides p99 at round robin, and p99.9 at the others.',
  replicas: 100,
  requests: 12_000,
  rate: () => rateFor(100, 0.6),
  traits: tenTimesSlower,
}
