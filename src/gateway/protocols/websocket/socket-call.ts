import type { IncomingMessage } from 'node:http'
import type { Sender } from '../../../call/call.js'
import { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../../../lib/deadlines.js'
import { callerTimeout, httpCallerHeaders } from '../http/caller.js'

/** The call above all requests of a WebSocket, with the headers of its handshake. It is aborted when its deadline has passed. */
export class SocketCall extends Scope implements Timed {
  watched: Watched | undefined = undefined
  readonly #deadlines: Deadlines

  constructor(
    { headers }: Pick<IncomingMessage, 'headers'>,
    { sender, clock }: { readonly sender: Sender; readonly clock: Clock },
  ) {
    super(clock.now() + callerTimeout(headers), httpCallerHeaders(headers), sender)
    this.#deadlines = deadlinesOf(clock)
    this.#deadlines.watch(this)
  }

  override abort(reason: MillraceError): void {
    this.#deadlines.unwatch(this)
    super.abort(reason)
  }

  expire(): void {
    this.abort(new MillraceError('DEADLINE_EXCEEDED', 'The time that the client allows has passed.'))
  }
}
