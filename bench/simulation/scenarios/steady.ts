import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

export const steady: Scenario = {
  title: 'Steady: 100 replicas, 60 % busy',
  story:
    'Nothing is wrong. Round robin hands a request to a replica that has a long one before it; whoever looks at what is in flight does not. Latencies as well should cost nothing here.',
  replicas: 100,
  requests: 12_000,
  rate: () => rateFor(100, 0.6),
}
