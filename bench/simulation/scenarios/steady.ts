import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

export const steady: Scenario = {
  title: 'Steady: 100 replicas, 60 % busy',
  story:
    'All replicas are healthy. Round robin sends requests to replicas with a long request; policies that compare requests in flight do not. Comparing latencies too should cost nothing here.',
  replicas: 100,
  requests: 12_000,
  rate: () => rateFor(100, 0.6),
}
