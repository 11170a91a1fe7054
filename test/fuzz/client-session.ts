import { ClientCall } from '../../src/grpc/client/call.js'
import { RequestHeads } from '../../src/grpc/client/request-head.js'
import { Session as ClientSession } from '../../src/grpc/client/session.js'
import { methods } from '../../src/grpc/methods.js'
import { below, type Random } from '../../src/http2/generated-blocks.suite.js'
import type { Mutated } from './mutation.js'
import { must } from './sent-frames.js'
import type { SessionOptions, SessionOutcome } from './server-session.js'
import { Session } from './session.js'

const maxMessageBytes = 2 * 1024 * 1024
const heads = new RequestHeads({ host: '127.0.0.1', port: 80, tls: false, maxMessageBytes })

/** Calls of this project's client to a server that sends such bytes. Throws Error when a rule is broken. */
export async function clientSession(
  calls: number,
  session: Mutated,
  options: SessionOptions,
): Promise<SessionOutcome> {
  const { random, clock } = options
  const connection = new Session('client', options)
  const { socket, peer } = connection
  let closes = 0
  const client = new ClientSession(
    { socket: socket.socket, connected: 'connect', reader: undefined },
    { clock, onClosed: () => void closes++ },
  )
  const made = Array.from({ length: calls }, () => new FuzzedCall(client, random))
  socket.emit('connect')
  await connection.settle()
  const mutations = await connection.receive(session, () => {
    if (options.meddles && random() < 0.2) made[below(random, made.length)]!.meddle(random)
  })
  const isOpen = !socket.isOver
  await connection.read()
  await connection.close()
  for (const call of made) must(call.ends === 1, `a call has ended ${call.ends} times`)
  must(closes === 1, `the end of the connection is told ${closes} times`)
  must(!client.isUsable, 'the closed connection can be used')
  return { mutations, sent: connection.sent, isOpen, hasLeft: peer.hasLeft }
}

/** A call that sends, pauses and is cancelled by chance. */
class FuzzedCall {
  /** How often it was told that the call has ended. */
  ends = 0
  readonly #call: ClientCall

  constructor(session: ClientSession, random: Random) {
    const head = heads.encode(methods.processSingleData, 20_000, { 'x-call': 'y'.repeat(below(random, 100)) })
    this.#call = new ClientCall(session, head, {
      maxMessageBytes,
      deadline: Number.POSITIVE_INFINITY,
      call: undefined,
      listener: {
        onMessage: () => must(this.ends === 0, 'a message follows the end of its call'),
        onEnd: () => void this.ends++,
      },
    })
    if (random() < 0.7) this.#call.finish(Buffer.alloc(below(random, random() < 0.2 ? 200_000 : 3000)))
  }

  meddle(random: Random): void {
    const call = this.#call
    const deeds = [
      () => call.pause(),
      () => call.resume(),
      () => call.write(Buffer.alloc(below(random, 50_000))),
      () => call.end(),
      () => call.cancel(),
    ]
    deeds[below(random, deeds.length)]!()
  }
}
