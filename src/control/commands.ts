import { isAbsolute } from 'node:path'
import { MillraceError } from '../errors.js'
import { mostProfileSeconds, profileKinds } from '../observe/profile/profile-order.js'
import { choiceField, integerField, objectField, parseFields, textField } from './body.js'
import { systemClock } from '../lib/clock.js'
import { pause } from '../lib/pause.js'
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
  [
    '/profile',
    {
      method: 'POST',
      async run(flow, body) {
        const fields = parseFields(body, ['target', 'kind', 'seconds', 'file'])
        const order = {
          kind: choiceField(fields, 'kind', profileKinds),
          seconds: integerField(fields, 'seconds'),
          file: textField(fields, 'file'),
        }
        if (order.seconds < 1 || order.seconds > mostProfileSeconds)
          throw new MillraceError('INVALID_OPTION', `seconds must be from 1 to ${mostProfileSeconds}.`)
        if (!isAbsolute(order.file))
          throw new MillraceError('INVALID_OPTION', 'file must be an absolute path.')
        return flow.profile(textField(fields, 'target'), order)
      },
    },
  ],
])
