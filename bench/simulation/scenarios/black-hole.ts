import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

export const failsFast: Scenario = {
  title: 'A black hole: one of 20 replicas fails everything after 1 ms',
  story:
    'It is never busy, so who looks only at what is in flight sends it ever more. Retries should save every answer, and ejection most of the tries.',
  replicas: 20,
  requests: 8000,
  rate: () => rateFor(20, 0.6),
  traits: (index) => (index === 0 ? { isBad: true, manner: 'fails' } : {}),
}

export const hangs: Scenario = {
  title: 'One of 20 replicas accepts and never answers; a hop has 1 s',
  story:
    'It answers pings, so that it looks alive. What it gets takes 1 s longer, and has to be sent again within the budget.',
  replicas: 20,
  requests: 8000,
  rate: () => rateFor(20, 0.6),
  timeoutSendMs: 1000,
  traits: (index) => (index === 0 ? { isBad: true, manner: 'hangs' } : {}),
}
