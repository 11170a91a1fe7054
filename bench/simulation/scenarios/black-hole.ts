import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

export const failsFast: Scenario = {
  title: 'A black hole: one of 20 replicas fails everything after 1 ms',
  story:
    'It is never busy, so policies that compare only requests in flight send it more and more. Retries should save every answer, and ejection should save most of the tries.',
  replicas: 20,
  requests: 8000,
  rate: () => rateFor(20, 0.6),
  traits: (index) => (index === 0 ? { isBad: true, manner: 'fails' } : {}),
}

export const hangs: Scenario = {
  title: 'One of 20 replicas accepts and never answers; a hop has 1 s',
  story:
    'It answers pings, so it looks alive. Its requests take 1 s longer, and have to be retried within the budget.',
  replicas: 20,
  requests: 8000,
  rate: () => rateFor(20, 0.6),
  timeoutSendMs: 1000,
  traits: (index) => (index === 0 ? { isBad: true, manner: 'hangs' } : {}),
}
