import { type ErrorCode, MillraceError } from '../../errors.js'
import { closeCode } from '../../wire/websocket.js'
import type { SocketEnd } from './socket.js'

/** Codes of errors for the codes of close frames; others are UNAVAILABLE. */
const codes: Readonly<Record<number, ErrorCode>> = {
  [closeCode.wrongKind]: 'MALFORMED',
  [closeCode.malformed]: 'MALFORMED',
  [closeCode.notAllowed]: 'DEADLINE_EXCEEDED',
  [closeCode.tooLarge]: 'RESOURCE_EXHAUSTED',
  [closeCode.full]: 'RESOURCE_EXHAUSTED',
}

/** The error of a socket that ended too early. */
export function earlyEnd(end: SocketEnd, address: string, when: string): MillraceError {
  if ('error' in end) return end.error
  const { code, reason } = end
  return new MillraceError(
    codes[code] ?? 'UNAVAILABLE',
    `${address} closed the WebSocket ${when}: ${reason || `code ${code}`}`,
    {
      where: { address },
      // the gateway answers what it has begun before it leaves
      notRun: code === closeCode.leaving,
      ...(code === closeCode.tooLarge && { retryable: false }),
    },
  )
}
