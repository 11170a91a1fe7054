import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { DataRequest } from '../wire/data-request.js'
import { Attempts } from './attempts.js'
import { Batches } from './batches.js'
import { Exchange } from './exchange.js'
import { resolveInputs } from './inputs.js'
import type { Shutdown } from './shutdown.js'
import { lifetime } from './lifetime.js'
import type { StreamOptions } from './options.js'
import { sentParameters } from './parameters.js'
import type { Transport } from './transport.js'

export interface ConversationPlan {
  readonly transport: Transport
  readonly on: string
  readonly inputs: unknown
  readonly options: StreamOptions
  readonly defaults: {
    readonly prefetch: number | undefined
    readonly headers: Readonly<Record<string, string>>
  }
  /** The shutdown of the client. */
  readonly shutdown: Shutdown
  readonly clock: Clock
  random(): number
}

/** All requests of one `post` or `stream` and their answers. */
export interface Conversation {
  /** Number of responses to expect; undefined when the number of inputs is not known. */
  readonly total: number | undefined
  /** The next answer; undefined after the last one. */
  next(): Promise<DataRequest | undefined>
  /** Cancels requests in flight and releases the inputs. Idempotent; call it however the conversation ends. */
  close(): void
}

const defaultPrefetch = 1000
const defaultRequestSize = 100

/** Turns the options of a call into an exchange with retries. Rejects with what `resolveInputs` throws. */
export async function conversation(plan: ConversationPlan): Promise<Conversation> {
  const { on, options, clock, random } = plan
  const { targetExecutor, requestSize = defaultRequestSize } = options
  const parameters = sentParameters(options.parameters)
  const time = lifetime(plan)
  const source = await time.race(resolveInputs(plan.inputs)).catch((error: unknown) => {
    time.release()
    throw error
  })
  const attempts = new Attempts({
    maxAttempts: source.replayable ? (options.maxAttempts ?? 1) : 1,
    judged: (error) => plan.transport.judged(error, on),
    clock,
    random,
    open: () =>
      new Exchange({
        transport: plan.transport,
        batches: new Batches(source, requestSize),
        request: (docs) =>
          DataRequest.create({
            endpoint: on,
            docs,
            parameters,
            ...(targetExecutor === undefined ? {} : { targetExecutor }),
          }),
        prefetch: options.prefetch ?? plan.defaults.prefetch ?? defaultPrefetch,
        deadline: time.deadline,
        headers: metadata(plan),
      }),
  })
  time.onEnd((error) => attempts.abort(error))
  return {
    total: stepsOf(source.kind, source.length, requestSize),
    next: () => attempts.next(),
    close() {
      time.release()
      // creating an error costs more than the rest of `close()`
      if (!attempts.over) attempts.abort(new MillraceError('CANCELLED', 'The caller left.'))
    },
  }
}

/** Adds the metadata `__results_in_order__` and `__prefetch__`, which the gateway obeys (jina.md 4.5). */
function metadata({ options, defaults }: ConversationPlan): Record<string, string> {
  const headers = { ...defaults.headers, ...options.headers }
  if (options.resultsInOrder === true) headers.__results_in_order__ = 'true'
  const prefetch = options.prefetch ?? defaults.prefetch
  if (prefetch !== undefined) headers.__prefetch__ = String(prefetch)
  return headers
}

function stepsOf(kind: string, length: number | undefined, requestSize: number): number | undefined {
  if (kind === 'none') return 1
  if (length === undefined) return undefined
  return requestSize < 1 ? Math.min(length, 1) : Math.ceil(length / requestSize)
}
