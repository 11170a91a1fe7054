import { systemClock } from '../lib/clock.js'
import { pause } from '../lib/pause.js'
import { integerField, objectField, parseFields, textField } from './body.js'
import type { Controlled } from './controlled.js'

/** Milliseconds after which a wait for a change is answered without one, so that nobody waits for a dead program. */
const longestWaitMs = 10_000

/** A command to a running Flow. */
export interface Command {
  readonly method: 'GET' | 'POST'
  /** `body` is empty for a GET. The answer is plain data. */
  run(flow: Controlled, body: string): Promise<unknown>
}

/** Commands by path. A Map and not an object, so that `/constructor` is not found. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['/status', { method: 'GET', run: (flow) => flow.status() }],
  ['/served', { method: 'GET', run: (flow) => flow.served() }],
  [
    '/changed',
    {
      method: 'GET',
      async run(flow) {
        const over = new AbortController()
        const late = pause(longestWaitMs, { signal: over.signal, clock: systemClock })
        await Promise.race([flow.changed(), late])
        over.abort()
        return {}
      },
    },
  ],
  [
    '/scale',
    {
      method: 'POST',
      async run(flow, body) {
        const fields = parseFields(body, ['stage', 'replicas', 'shard'])
        const shard = fields.has('shard') ? integerField(fields, 'shard') : undefined
        return flow.scale(textField(fields, 'stage'), { replicas: integerField(fields, 'replicas'), shard })
      },
    },
  ],
  [
    '/rolling-update',
    {
      method: 'POST',
      async run(flow, body) {
        const fields = parseFields(body, ['stage', 'usesWith'])
        const usesWith = objectField(fields, 'usesWith')
        return (await flow.rollingUpdate(textField(fields, 'stage'), { usesWith })) ?? {}
      },
    },
  ],
])
