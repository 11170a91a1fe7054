import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { Budget } from '../../../budget/budget.js'
import type { Clock } from '../../../lib/clock.js'
import { systemClock } from '../../../lib/clock.js'
import { testLimits, testRequestLimits } from '../../fixture.suite.js'
import { Listeners } from '../../listeners/listeners.js'
import type { ProtocolName } from '../names.js'

import type { Serving } from '../../serving.js'
import { ServingState } from '../../serving-state.js'
import { HttpTestClient } from './http-client.suite.js'

export interface HttpUnderTest {
  readonly listeners: Listeners
  readonly port: number
  readonly serving: Serving
  readonly client: HttpTestClient
  socket(): Promise<Socket>
}

export interface ServingOptions extends Partial<Omit<Serving, 'limits'>> {
  readonly limits?: Partial<Serving['limits']> | undefined
}

export interface HttpOptions extends ServingOptions {
  readonly clock?: Clock
  /** Default: `http`. */
  readonly protocols?: readonly ProtocolName[]
}

/** What a gateway without stages serves: an echo. */
export function servingOfTests({ limits, ...options }: ServingOptions = {}): Serving {
  const complete = { ...testLimits, ...limits }
  return {
    handle: async (request) => request.answer(),
    isFull: () => false,
    describe: () => ({
      endpoints: ['_jina_dry_run_', '/echo', '/a b'],
      writeEndpoints: [],
      streamEndpoints: [],
      schemas: {},
    }),
    misdirected: () => null,
    facts: { name: 'flow', limits: testRequestLimits, open: null },
    state: new ServingState(),
    prefetch: 1000,
    maxMessageBytes: 2 ** 26,
    limits: complete,
    budget: new Budget(complete.maxBytes),
    timeoutMs: null,
    ...options,
  }
}

/** Starts HTTP servers without stages, which echo, for the tests of one file; everything is closed after each test. */
export function httpServersOfTests(): (options?: HttpOptions) => Promise<HttpUnderTest> {
  const closes: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closes.splice(0).toReversed()) await close()
  })
  return async ({ limits, clock = systemClock, protocols = ['http'] as const, ...options } = {}) => {
    const serving = servingOfTests({ limits, ...options })
    const listeners = new Listeners([{ protocols, host: '127.0.0.1', port: 0 }], serving, { clock })
    closes.push(() => listeners.close({ graceMs: 0 }))
    const [port = 0] = await listeners.listen()
    const client = new HttpTestClient(port)
    closes.push(() => client.close())
    return {
      listeners,
      port,
      serving,
      client,
      async socket() {
        const socket = connect(port, '127.0.0.1')
        closes.push(() => socket.destroy())
        socket.on('error', () => {})
        await once(socket, 'connect')
        return socket
      },
    }
  }
}

/** Everything that a socket receives until it closes. */
export async function everything(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}
