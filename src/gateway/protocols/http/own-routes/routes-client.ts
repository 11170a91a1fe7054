import type { Call } from '../../../../call/call.js'
import { BaseClient } from '../../../../client-core/base-client.js'
import { channelTransport } from '../../../../client-core/channel.js'
import { Knowledge } from '../../../../client-core/knowledge.js'
import { noBar } from '../../../../client-core/no-bar.js'
import { MillraceError } from '../../../../errors.js'
import type { Clock } from '../../../../lib/clock.js'
import type { Logger } from '../../../../observe/logger.js'
import type { Serving } from '../../../serving.js'
import { innerChannel } from '../../local/channel.js'
import { localSender } from '../../senders.js'
import type { RoutesClient } from './routes-context.js'

export interface RoutesClientTools {
  readonly clock: Clock
  readonly logger: Logger
  /** The call of a request that a route is answering; undefined for others. */
  callOf(message: object): (Call & { readonly sender: NonNullable<Call['sender']> }) | undefined
}

export class InnerClient extends BaseClient implements RoutesClient {
  readonly #serving: Pick<Serving, 'handle' | 'describe' | 'timeoutMs'>
  readonly #tools: RoutesClientTools

  constructor(serving: Pick<Serving, 'handle' | 'describe' | 'timeoutMs'>, tools: RoutesClientTools) {
    super({}, partsOf(serving, tools, { sender: localSender() }))
    this.#serving = serving
    this.#tools = tools
  }

  for({ raw }: { readonly raw: object }): BaseClient {
    const call = this.#tools.callOf(raw)
    if (call === undefined) {
      const what = 'client.for takes a request of Fastify that a route of this module is answering.'
      throw new MillraceError('INVALID_INPUT', what)
    }
    const { sender } = call
    return new BaseClient({}, partsOf(this.#serving, this.#tools, { sender, within: call }))
  }
}

function partsOf(
  serving: Pick<Serving, 'handle' | 'describe' | 'timeoutMs'>,
  { clock, logger }: RoutesClientTools,
  { sender, within }: { readonly sender: NonNullable<Call['sender']>; readonly within?: Call },
): ConstructorParameters<typeof BaseClient>[1] {
  const channel = innerChannel(serving, { clock, sender, within })
  const transport = channelTransport(channel, new Knowledge(() => channel.describe()))
  return { transport, logger, clock, startBar: noBar('the gateway') }
}
