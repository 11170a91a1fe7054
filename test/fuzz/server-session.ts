import { errorCode, frameType, preface } from '../../src/http2/codes.js'
import type { Random } from '../../src/http2/generated-blocks.suite.js'
import { frame, uint32 } from '../../src/http2/in-memory-socket.suite.js'
import type { HandClock } from '../../src/lib/hand-clock.suite.js'
import type { FuzzedGateway } from './fuzzed-gateway.js'
import type { Mutated } from './mutation.js'
import { Session } from './session.js'

export interface SessionOptions {
  readonly random: Random
  readonly clock: HandClock
  /** Whether calls of the client are written to, paused and cancelled at any time. */
  readonly meddles: boolean
}

/** What came of a session. */
export interface SessionOutcome {
  /** Mutations that were read before the connection ended. */
  readonly mutations: number
  readonly sent: number
  /** Whether it was still open when all its bytes were read. */
  readonly isOpen: boolean
  /** Whether the peer has said that it closes the connection. */
  readonly hasLeft: boolean
}

/** A client with such bytes at the gateway. Throws Error when a rule is broken. */
export async function serverSession(
  gateway: FuzzedGateway,
  session: Mutated,
  options: SessionOptions,
): Promise<SessionOutcome> {
  gateway.random = options.random
  const connection = new Session('server', options)
  const { socket, peer } = connection
  gateway.server.accept(socket.socket)
  await connection.give(preface)
  const mutations = await connection.receive(session, () => {})
  const isOpen = !socket.isOver
  await connection.read()
  if (!socket.isOver && peer.isWhole) {
    const resets = [...peer.named].map((id) =>
      frame(frameType.resetStream, { id, payload: uint32(errorCode.cancel) }),
    )
    await connection.give(Buffer.concat(resets))
    await connection.read()
    if (!socket.isOver) await gateway.mustHoldOnly(1)
  }
  await connection.close()
  await gateway.mustHoldOnly(0)
  return { mutations, sent: connection.sent, isOpen, hasLeft: peer.hasLeft }
}
