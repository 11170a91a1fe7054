import type { Sender } from '../../call/call.js'
import { somebody } from '../../call/scope.js'

const senders = new WeakMap<object, Sender>()

/** One for each connection. */
export function senderOf(session: object | undefined): Sender {
  if (session === undefined) return somebody
  let sender = senders.get(session)
  if (sender === undefined) {
    sender = { patient: false }
    senders.set(session, sender)
  }
  return sender
}
