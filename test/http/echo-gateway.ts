import { Entrance } from '../../src/gateway/listeners/entrance.js'
import { HttpServer } from '../../src/gateway/protocols/http/server.js'
import { servingOfTests } from '../../src/gateway/protocols/http/server.suite.js'
import { websocket } from '../../src/gateway/protocols/websocket/protocol.js'
import type { Peer, Talk } from '../../src/gateway/protocols/websocket/talk.js'
import { WebSocketUpgrades } from '../../src/gateway/protocols/websocket/upgrades.js'
import { systemClock } from '../../src/lib/clock.js'
import type { Budget } from '../../src/budget/budget.js'

export interface EchoGateway {
  readonly port: number
  readonly budget: Budget
  close(): Promise<void>
}

/**
 * The WebSockets of a gateway (its port, handshake, limits and memory) with a client who gets its own messages back, as
 * suites of conformance expect.
 */
export async function startEchoGateway(): Promise<EchoGateway> {
  const serving = servingOfTests()
  const upgrades = new WebSocketUpgrades(serving, systemClock, (peer) => new Echo(peer))
  const server = new HttpServer(serving, systemClock, { upgrades })
  const { limits, budget } = serving
  const entrance = new Entrance({
    clock: systemClock,
    maxConnections: 100,
    handshakeMs: limits.handshakeMs,
    handshakesPerSecond: limits.handshakesPerSecond,
    tls: null,
    budget,
  })
  const spec = { protocols: ['websocket'], host: '127.0.0.1', port: 0 } as const
  const port = await entrance.listen(spec, [{ protocol: websocket, server }])
  return {
    port,
    budget,
    async close() {
      await Promise.all([server.close({ graceMs: 0 }), entrance.close()])
    },
  }
}

/** Sends each message back, and reads on when the client has taken it. */
class Echo implements Talk {
  readonly isIdle = true
  readonly #peer: Peer

  constructor(peer: Peer) {
    this.#peer = peer
  }

  message(bytes: Buffer, isBinary: boolean): void {
    if (!this.#peer.send(bytes, { isText: !isBinary })) this.#peer.pause()
  }

  drained(): void {
    this.#peer.resume()
  }

  drain(): void {}

  closed(): void {}
}
