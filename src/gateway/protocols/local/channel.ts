import { late } from '../../../call/late.js'
import { Scope } from '../../../call/scope.js'
import type { Call, Sender } from '../../../call/call.js'
import type { Clock } from '../../../lib/clock.js'
import { deadlinesOf, type Timed, type Watched } from '../../../lib/deadlines.js'
import type { DataRequest } from '../../../wire/data-request.js'
import type { Channel } from '../../../transport/transport.js'
import type { Serving } from '../../serving.js'

export interface ChannelOptions {
  readonly clock: Clock
  readonly sender: Sender
  /** The call on whose behalf requests are sent: they end with it, and have its headers and memory. Default: none. */
  readonly within?: Call | undefined
}

/** A channel for a client in the gateway's own thread: no socket, no copy. */
export function innerChannel(
  serving: Pick<Serving, 'handle' | 'describe' | 'timeoutMs'>,
  options: ChannelOptions,
): Pick<Channel, 'handle' | 'describe' | 'close'> {
  return {
    handle: (request, call) => handle(serving, options, { request, call }),
    describe: async () => serving.describe(),
    close: async () => {},
  }
}

async function handle(
  serving: Pick<Serving, 'handle' | 'timeoutMs'>,
  { clock, sender, within }: ChannelOptions,
  { request, call }: { readonly request: DataRequest; readonly call: Call },
): Promise<DataRequest> {
  const deadlines = deadlinesOf(clock)
  const { timeoutMs } = serving
  const latest = timeoutMs === null ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs
  const { items, headers } = call
  const own = new InnerCall(Math.min(call.deadline, latest), {
    headers: { ...within?.headers, ...headers },
    sender,
    timeoutMs,
  })
  own.items = items
  own.memory = within?.memory
  call.onAbort(own)
  within?.onAbort(own)
  deadlines.watch(own)
  try {
    return await serving.handle(request, own)
  } finally {
    deadlines.unwatch(own)
    call.offAbort(own)
    within?.offAbort(own)
  }
}

class InnerCall extends Scope implements Timed {
  watched: Watched | undefined = undefined
  readonly #timeoutMs: number | null

  constructor(
    deadline: number,
    {
      headers,
      sender,
      timeoutMs,
    }: {
      readonly headers: Readonly<Record<string, string>>
      readonly sender: Sender
      readonly timeoutMs: number | null
    },
  ) {
    super(deadline, headers, sender)
    this.#timeoutMs = timeoutMs
  }

  expire(): void {
    this.abort(late(this.#timeoutMs ?? 0))
  }
}
