import { expect, it } from 'vitest'
import { paths } from './grpc/server.suite.js'
import { TestClient } from '../fixture.suite.js'
import { decodeHealthResponse, encodeHealthRequest } from '../../wire/health.js'
import { HttpTestClient } from './http/http-client.suite.js'
import { protocolNames } from './names.js'
import { WebSocketTestClient } from './websocket/websocket-client.suite.js'
import { protocolSuite, type ProtocolUnderTest } from './protocol.suite.js'

const grpc: ProtocolUnderTest = {
  name: 'grpc',
  greeting: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  connect(port) {
    const client = new TestClient(port)
    return {
      send: (data, headers = {}) => client.send(data, { ...headers }),
      isServing: async () =>
        decodeHealthResponse(await client.unary(paths.health, encodeHealthRequest())) === 'SERVING',
      close: () => client.close(),
    }
  },
}

const http: ProtocolUnderTest = {
  name: 'http',
  greeting: Buffer.from('POST /post'),
  connect(port) {
    const client = new HttpTestClient(port)
    return {
      send: (data, headers) => client.sendData(data, headers),
      isServing: async () => (await client.get('/health/ready')).status === 200,
      close: () => client.close(),
    }
  },
}

const websocket: ProtocolUnderTest = {
  name: 'websocket',
  isPatient: true,
  greeting: Buffer.from('GET / HTTP/1.1'),
  connect(port) {
    const client = new WebSocketTestClient(port)
    const probe = new HttpTestClient(port)
    return {
      send: (data, headers) => client.sendData(data, headers),
      isServing: async () => (await probe.get('/health/ready')).status === 200,
      close() {
        client.close()
        probe.close()
      },
    }
  },
}

const kinds = [grpc, http, websocket]

it('every protocol is tested', () => {
  expect(kinds.map(({ name }) => name)).toEqual(protocolNames)
})

kinds.forEach(protocolSuite)
