import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Authority, folderWith } from '../../tls/certificates.suite.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { TlsTermination } from './termination.js'

const authority = new Authority()
const issued = authority.server({ name: 'a.test' })
const next = authority.server({ name: 'next.test' })
const expired = authority.server({ name: 'expired.test', days: -1 })

interface Line {
  readonly message: string
  readonly reason?: string
}

let files: ReturnType<typeof folderWith>
let clock: HandClock
let lines: { readonly debug: Line[]; readonly warn: Line[] }
let termination: TlsTermination

function start(more: object = {}): void {
  const rules = {
    cert: files.path('cert.pem'),
    key: files.path('key.pem'),
    ca: null,
    clientCertificate: null,
  }
  const note =
    (level: keyof typeof lines) =>
    (message: string, fields: object = {}): void =>
      void lines[level].push({ message, ...fields })
  const logger = { debug: note('debug'), warn: note('warn') }
  termination = new TlsTermination({ ...rules, ...more }, { clock, logger, handshakeMs: 60_000 })
  termination.open()
}

/** A server that says who speaks to it, and closes. */
async function listening(): Promise<{ readonly port: number; close(): void }> {
  const handshake = termination.handshakeFor(['http'])
  const server = createServer((socket) => {
    socket.on('error', () => {})
    handshake(socket, (secure) => secure.end('hello'))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

async function nameAt(port: number): Promise<string | undefined> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

beforeEach(() => {
  files = folderWith({ 'cert.pem': issued.cert, 'key.pem': issued.key })
  clock = new HandClock()
  lines = { debug: [], warn: [] }
})

afterEach(() => {
  termination.close()
  files.close()
})

describe('a changed pair', () => {
  it('is used when both files fit, and each reason why it is not is told once', async () => {
    start()
    const server = await listening()
    files.write('cert.pem', next.cert)
    await expect
      .poll(() => {
        clock.move(1000)
        return lines.warn.length
      })
      .toBe(1)
    expect(lines.warn[0]!.message).toMatch(/does not belong to .* What was read before stays in use\./)
    expect(await nameAt(server.port)).toBe('a.test')
    files.write('key.pem', next.key)
    await expect
      .poll(() => {
        clock.move(1000)
        return nameAt(server.port)
      })
      .toBe('next.test')
    expect(lines.warn).toHaveLength(1)
    server.close()
  })

  it('that has expired is used, with a warning', async () => {
    start()
    files.write('cert.pem', expired.cert)
    files.write('key.pem', expired.key)
    await expect
      .poll(() => {
        clock.move(1000)
        return lines.warn.some(({ message }) => /has expired, on .* Clients will refuse it/.test(message))
      })
      .toBe(true)
  })
})

it('a handshake that fails is logged at debug, with its reason', async () => {
  start()
  const server = await listening()
  const socket = connectTcp(server.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  await expect
    .poll(() => lines.debug)
    .toMatchObject([{ message: 'a TLS handshake failed', reason: 'http request' }])
  expect(lines.warn).toEqual([])
  server.close()
})

it('files that cannot be used are refused when it opens', () => {
  files.write('key.pem', next.key)
  expect(() => start()).toThrow(/tls\.key: .* does not belong to the first certificate in tls\.cert/)
})
