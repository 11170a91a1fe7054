import { afterEach } from 'vitest'
import { httpServersOfTests, type HttpOptions, type HttpUnderTest } from '../http/server.suite.js'
import { type SocketOptions, TestSocket } from './websocket-client.suite.js'

export interface WebSocketUnderTest extends HttpUnderTest {
  open(options?: SocketOptions): Promise<TestSocket>
}

/** Starts servers of HTTP and WebSocket at one port, without stages, which echo, for the tests of one file. */
export function webSocketServersOfTests(): (options?: HttpOptions) => Promise<WebSocketUnderTest> {
  const start = httpServersOfTests()
  const sockets: TestSocket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate()
  })
  return async (options = {}) => {
    const server = await start({ protocols: ['http', 'websocket'], ...options })
    return {
      ...server,
      async open(given) {
        const socket = await TestSocket.open(server.port, given)
        sockets.push(socket)
        return socket
      },
    }
  }
}
