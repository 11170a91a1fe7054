import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import path from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Authority, folderWith } from '../src/tls/certificates.suite.js'
import { CommandLine } from './support/command-line.js'

const upper = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
const hasCurl = spawnSync('curl', ['--version']).status === 0

const authority = new Authority()
const server = authority.server({ name: 'flow.test' })
const client = authority.client({ name: 'client' })
const stranger = new Authority('Another authority').client({ name: 'stranger' })
const files = folderWith({
  'ca.pem': authority.cert,
  'server.pem': server.cert,
  'server-key.pem': server.key,
  'client.pem': client.cert,
  'client-key.pem': client.key,
  'stranger.pem': stranger.cert,
  'stranger-key.pem': stranger.key,
})
afterAll(() => files.close())

const ca = files.path('ca.pem')
const tls = { cert: files.path('server.pem'), key: files.path('server-key.pem') }
const mutual = { ...tls, ca, clientCertificate: 'require' } as const

/** A server that closes the connection without a reason may have run the request. */
const unanswered = /^(UNAVAILABLE|OUTCOME_UNKNOWN)$/

function flowWith(options: object): Flow<'upper'> {
  return new Flow({
    quiet: true,
    host: '127.0.0.1',
    protocol: ['grpc', 'http', 'websocket'],
    ...options,
  }).add({
    name: 'upper',
    uses: upper,
    runtime: 'thread',
  })
}

/** Connects without a check of the certificate; resolves after the handshake. */
async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

describe('a Flow with tls', () => {
  const flow = flowWith({ tls })
  beforeAll(() => flow.start())
  afterAll(() => flow.close())
  const at = (scheme: string): string => `${scheme}://127.0.0.1:${flow.port}`

  describe.each(['grpcs', 'https', 'wss'])('over %s', (scheme) => {
    it('answers a client that knows its authority', async () => {
      await using caller = new Client({ host: at(scheme), tls: { ca } })
      expect((await caller.post('/upper', ['a', 'b'])).texts).toEqual(['A', 'B'])
      expect(await caller.isReady()).toBe(true)
    })

    it('takes the authority as a text, and the name that the client expects', async () => {
      const named = { ca: authority.cert, serverName: 'flow.test' }
      await using caller = new Client({ host: at(scheme), tls: named })
      expect((await caller.post('/upper', ['a'])).texts).toEqual(['A'])
    })

    it.each([
      ['that does not know its authority', {}, /unable to verify|self-signed|local issuer/],
      ['that expects another name', { ca, serverName: 'other.test' }, /altnames/i],
    ])('is refused by a client %s', async (_who, credentials, reason) => {
      await using caller = new Client({ host: at(scheme), tls: credentials })
      await expect(caller.post('/upper', ['a'])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        notRun: true,
        message: expect.stringMatching(reason) as string,
      })
    })

    it('tells a client without TLS that it needs it', async () => {
      await using caller = new Client({ host: at(scheme.slice(0, -1)) })
      await expect(caller.post('/upper', ['a'])).rejects.toMatchObject({
        code: expect.stringMatching(/^(UNAVAILABLE|UNSUPPORTED)$/) as string,
        message: expect.stringMatching(/this port speaks TLS/i) as string,
      })
    })

    it('is asked by millrace ping', async () => {
      const line = new CommandLine()
      expect(await line.run('ping', 'flow', at(scheme), '--ca', ca)).toMatchObject({ code: 0 })
      expect(await line.run('ping', 'gateway', at(scheme), '--ca', ca)).toMatchObject({ code: 0 })
      expect(await line.run('ping', 'gateway', at(scheme))).toMatchObject({ code: 1 })
      await line.close()
    })
  })

  it('tells its protocols with TLS', async () => {
    expect((await flow.status()).listeners).toEqual([
      { protocols: ['grpc', 'http', 'websocket'], host: '127.0.0.1', port: flow.port, tls: true },
    ])
  })

  it.each([
    [['h2'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], 'http/1.1'],
    [undefined, false],
  ])('offered %j it speaks %s', async (offered, chosen) => {
    const socket = await handshake(flow.port, offered === undefined ? {} : { ALPNProtocols: offered })
    expect(socket.alpnProtocol).toBe(chosen)
    socket.destroy()
  })

  it('refuses clients that offer other protocols only', async () => {
    await expect(handshake(flow.port, { ALPNProtocols: ['spdy/3'] })).rejects.toThrow(/application.protocol/)
  })

  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (maxVersion) => {
    const old = { maxVersion, minVersion: maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(handshake(flow.port, old)).rejects.toThrow(/version/)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    const socket = await handshake(flow.port, { maxVersion: version, minVersion: version })
    expect(socket.getProtocol()).toBe(version)
    socket.destroy()
  })

  it('does not renegotiate', async () => {
    const socket = await handshake(flow.port, { maxVersion: 'TLSv1.2' })
    const failed = once(socket, 'error') as Promise<[Error]>
    socket.renegotiate({}, () => {})
    expect((await failed)[0].message).toMatch(/no renegotiation/)
  })

  it.runIf(hasCurl).each(['--http1.1', '--http2'])('answers curl %s', async (version) => {
    const url = `https://localhost:${flow.port}/upper`
    const args = [version, '-s', '--cacert', ca, '--json', '{"data":[{"text":"a"}]}', url]
    const { stdout } = await promisify(execFile)('curl', args)
    expect(JSON.parse(stdout)).toMatchObject({ data: [{ text: 'A' }] })
  })
})

describe('a changed certificate', () => {
  it('is used for new connections, and open ones go on; what cannot be used changes nothing', async () => {
    const own = folderWith({ 'cert.pem': server.cert, 'key.pem': server.key })
    const flow = flowWith({ tls: { cert: own.path('cert.pem'), key: own.path('key.pem') } })
    await flow.start()
    await using before = new Client({ host: `grpcs://127.0.0.1:${flow.port}`, tls: { ca } })
    await before.post('/upper', ['a'])
    const nameNow = async (): Promise<unknown> => {
      const socket = await handshake(flow.port)
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return CN
    }
    const next = new Authority('Next authority').server({ name: 'next.test' })
    own.write('key.pem', next.key)
    expect(await nameNow()).toBe('flow.test')
    own.write('cert.pem', next.cert)
    await expect.poll(nameNow).toBe('next.test')
    expect((await before.post('/upper', ['b'])).texts).toEqual(['B'])
    await flow.close()
    own.close()
  })
})

describe.each(['grpcs', 'https', 'wss'])('a Flow that asks for certificates, over %s', (scheme) => {
  const credentials = (name: string): object => ({
    ca,
    cert: files.path(`${name}.pem`),
    key: files.path(`${name}-key.pem`),
  })

  async function answer(clientCertificate: string, own: object): Promise<readonly string[] | string> {
    const flow = flowWith({ tls: { ...mutual, clientCertificate } })
    await flow.start()
    try {
      await using caller = new Client({ host: `${scheme}://127.0.0.1:${flow.port}`, tls: own })
      return (await caller.post('/upper', ['a'])).texts
    } catch (error) {
      return (error as { readonly code: string }).code
    } finally {
      await flow.close()
    }
  }

  it.each([
    ['require', 'client', ['A']],
    ['require', 'stranger', expect.stringMatching(unanswered)],
    ['require', null, 'UNAVAILABLE'],
    ['request', 'client', ['A']],
    ['request', 'stranger', expect.stringMatching(unanswered)],
    ['request', null, ['A']],
  ])('%s: a client with the certificate of %s', async (rule, who, expected) => {
    expect(await answer(rule, who === null ? { ca } : credentials(who))).toEqual(expected)
  })
})

it('an external stage is called over TLS', async () => {
  const behind = flowWith({ tls: mutual })
  await behind.start()
  const own = {
    ca,
    cert: files.path('client.pem'),
    key: files.path('client-key.pem'),
    serverName: 'flow.test',
  }
  for (const more of [{}, { discover: 'dns' as const }]) {
    const front = new Flow({ quiet: true, host: '127.0.0.1' }).add({
      external: true,
      host: 'localhost',
      port: behind.port,
      tls: own,
      ...more,
    })
    await front.start()
    expect((await front.post('/upper', ['a'])).texts).toEqual(['A'])
    await front.close()
  }
  await behind.close()
})

describe('clients that do not shake hands', () => {
  it('are closed after handshakeMs, and others are served', async () => {
    const flow = flowWith({ tls, limits: { handshakeMs: 200 } })
    await flow.start()
    const silent = connectTcp(flow.port, '127.0.0.1')
    const partial = connectTcp(flow.port, '127.0.0.1')
    const nothingSaid = connect({ port: flow.port, host: '127.0.0.1', rejectUnauthorized: false })
    partial.write(Buffer.from('160301020001', 'hex')) // begins a ClientHello
    for (const socket of [silent, partial, nothingSaid]) socket.on('error', () => {})
    await using caller = new Client({ host: `grpcs://127.0.0.1:${flow.port}`, tls: { ca } })
    expect((await caller.post('/upper', ['a'])).texts).toEqual(['A'])
    const all = [silent, partial, nothingSaid].filter((socket) => !socket.closed)
    await Promise.all(all.map((socket) => once(socket, 'close')))
    await flow.close()
  })

  it('are closed when their turn of handshakesPerSecond would come after handshakeMs', async () => {
    const flow = flowWith({ tls, limits: { handshakesPerSecond: 1, handshakeMs: 5000 } })
    await flow.start()
    const sockets = Array.from({ length: 20 }, () =>
      connect({ port: flow.port, host: '127.0.0.1', rejectUnauthorized: false }),
    )
    for (const socket of sockets) socket.on('error', () => {})
    const one = (event: 'secureConnect' | 'close'): Promise<unknown> =>
      Promise.race(
        sockets.map((socket) => new Promise<void>((resolve) => socket.once(event, () => resolve()))),
      )
    await Promise.all([one('secureConnect'), one('close')])
    expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
    for (const socket of sockets) socket.destroy()
    await flow.close()
  })

  it('count as connections, and make room for others', async () => {
    const flow = flowWith({ tls, limits: { maxConnections: 2 } })
    await flow.start()
    const silent = Array.from({ length: 3 }, () => connectTcp(flow.port, '127.0.0.1'))
    const closed = Promise.race(silent.map((socket) => once(socket, 'close')))
    for (const socket of silent) socket.on('error', () => {})
    await closed
    await using caller = new Client({ host: `https://127.0.0.1:${flow.port}`, tls: { ca } })
    expect((await caller.post('/upper', ['a'])).texts).toEqual(['A'])
    await flow.close()
    for (const socket of silent) socket.destroy()
  })

  it.each(['GET / HTTP/1.1\r\n\r\n', '\u0000'.repeat(100), '\u0016\u0003\u0001'])(
    'are closed when they send %j',
    async (bytes) => {
      const flow = flowWith({ tls, limits: { handshakeMs: 200 } })
      await flow.start()
      const socket = connectTcp(flow.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume()
      socket.write(bytes)
      await once(socket, 'close')
      expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
      await flow.close()
    },
  )
})

it('millrace flow keeps the health file of a container, though its own check has no certificate', async () => {
  const own = folderWith({
    'flow.yml': `jtype: Flow
with:
  host: 127.0.0.1
  tls: { cert: ${tls.cert}, key: ${tls.key}, ca: ${ca}, client_certificate: require }
executors: [{ name: entry }]
`,
  })
  const healthFile = own.path('health')
  const program = spawn(
    process.execPath,
    [path.resolve(import.meta.dirname, '../dist/cli/main.js'), 'flow', own.path('flow.yml'), '--quiet'],
    { env: { ...process.env, MILLRACE_HEALTH_FILE: healthFile }, stdio: 'ignore' },
  )
  const ended = once(program, 'exit')
  await expect.poll(() => existsSync(healthFile)).toBe(true)
  program.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(existsSync(healthFile)).toBe(false)
  own.close()
})

it('says GRPCS, HTTPS and WSS in its banner, and that everyone may call', async () => {
  const code = `import { Flow } from 'millrace'
    const tls = { cert: process.argv[1], key: process.argv[2] }
    const flow = new Flow({ protocol: ['grpc', 'http', 'websocket'], tls }).add({ name: 'entry' })
    await flow.start()
    await flow.close()`
  const args = ['--input-type=module', '-e', code, tls.cert, tls.key]
  const cwd = path.resolve(import.meta.dirname, '..')
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd })
  expect(stderr).toMatch(/Protocol:\s+GRPCS, HTTPS, WSS/)
  expect(stderr).toMatch(/Everyone who reaches port \d+ may call this Flow\. .*tls\.clientCertificate/)
})

describe('a wrong tls is refused when the Flow is built', () => {
  const wrong = folderWith({
    'text.pem': 'no certificate',
    'damaged.pem': server.cert.replace(/\n[\w+/]{10}/, '\n**********'),
    'encrypted.pem': server.key.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'),
  })
  afterAll(() => wrong.close())

  it.each([
    [{ cert: tls.cert }, /has no key\. Give the key that belongs to cert/],
    [{ key: tls.key }, /has no cert/],
    [{ ...tls, cert: wrong.path('none.pem') }, /tls\.cert: .*none\.pem cannot be read: ENOENT/],
    [{ ...tls, cert: wrong.path('text.pem') }, /tls\.cert: .* has no certificate. Expected is PEM/],
    [{ ...tls, cert: wrong.path('damaged.pem') }, /certificate 1 of tls\.cert: .* is damaged/],
    [{ ...tls, key: wrong.path('text.pem') }, /tls\.key: .* has no private key. Expected is PEM/],
    [{ ...tls, key: files.path('client-key.pem') }, /does not belong to the first certificate/],
    [{ ...mutual, ca: wrong.path('text.pem') }, /tls\.ca: .* has no certificate/],
    [{ ...tls, clientCertificate: 'require' }, /clientCertificate: 'require' needs ca/],
    [{ ...tls, ca }, /Add clientCertificate/],
    [{ ...mutual, clientCertificate: 'sometimes' }, /tls must be null, or/],
    [{ ...tls, passphrase: 'a' }, /tls must be null, or/],
    [true, /tls must be null, or/],
  ])('%j', (given, message) => {
    expect(() => new Flow({ tls: given as never })).toThrow(message)
  })
})

describe('a wrong tls of a client is refused when the client is created', () => {
  it.each([
    ['grpc://a', { ca }, /not encrypted/],
    ['https://a', { ca: 'none.pem' }, /tls\.ca: none\.pem cannot be read/],
    ['https://a', { cert: files.path('client.pem') }, /cert and no key/],
    ['grpcs://a', { cert: tls.cert, key: files.path('client-key.pem') }, /does not belong/],
    ['grpcs://a', { servername: 'a' }, /must be an object/],
  ])('%s %j', (host, given, message) => {
    expect(() => new Client({ host, tls: given as never })).toThrow(message)
  })
})
