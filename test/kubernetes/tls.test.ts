import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as grpc from '@grpc/grpc-js'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { methods } from '../../src/grpc/methods.js'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { serialOf } from '../support/serial.js'
import { apply, echo } from './support/apply.js'
import { forward } from './support/forward.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

const authority = new Authority()
const issue = (): ReturnType<Authority['server']> => authority.server({ name: 'flow.test' })
const [first, second, third] = [issue(), issue(), issue()]
const caller = authority.client({ name: 'caller' })
const files = folderWith({
  'ca.pem': authority.cert,
  'cert.pem': first.cert,
  'key.pem': first.key,
  'caller.pem': caller.cert,
  'caller-key.pem': caller.key,
})
afterAll(() => files.close())

const server = { cert: files.path('cert.pem'), key: files.path('key.pem') }
const mutual = { ...server, ca: files.path('ca.pem'), clientCertificate: 'require' } as const
const own = { cert: files.path('caller.pem'), key: files.path('caller-key.pem') }
const ca = files.path('ca.pem')

/** What curl says about a Flow, as a program that shares no code with its clients. */
async function curl(port: number, ...args: readonly string[]): Promise<string> {
  const url = `https://localhost:${port}/health/ready`
  return (await promisify(execFile)('curl', ['-sS', '--cacert', ca, ...args, url])).stdout
}

/** Whether grpc-js, which shares no code with Millrace's clients either, gets a dry run through the Flow. */
async function isAnswered(port: number, credentials: grpc.ChannelCredentials): Promise<boolean> {
  const client = new grpc.Client(`localhost:${port}`, credentials)
  const same = (bytes: Buffer): Buffer => bytes
  const error = await new Promise<unknown>((resolve) => {
    client.makeUnaryRequest(methods.dryRun, same, same, Buffer.alloc(0), resolve)
  })
  client.close()
  return error === null
}

describe('a Flow with TLS that was started on Kubernetes', () => {
  let namespace: Namespace
  let flow: Flow<string>
  beforeAll(async () => {
    namespace = await Namespace.create()
    flow = await shop(server).start(onKubernetes(namespace))
  })
  afterAll(async () => {
    await flow?.close()
    await namespace.remove()
  })

  const shop = (tls: typeof server | typeof mutual): Flow<string> =>
    new Flow({ name: 'shop', quiet: true, protocol: ['grpc', 'http'], tls }).add({ name: 'who', uses: echo })
  const serial = (): Promise<string> => serialOf(flow.port, { ca: authority.cert, servername: 'flow.test' })
  const probe = async (): Promise<object> => {
    const { stdout } = await namespace.kubectl('get', 'deployment', 'gateway', '--output', 'json')
    return JSON.parse(stdout).spec.template.spec.containers[0].readinessProbe
  }

  it('answers clients that trust its authority, and nobody without TLS', async () => {
    expect((await flow.post('/who', ['a'])).texts).toEqual(['a'])
    for (const scheme of ['grpcs', 'https']) {
      await using client = new Client({ host: `${scheme}://localhost:${flow.port}`, tls: { ca } })
      expect((await client.post('/who', ['a'])).texts).toEqual(['a'])
    }
    expect(await curl(flow.port)).toBe('{"status":"ready"}')
    expect(await isAnswered(flow.port, grpc.credentials.createSsl(Buffer.from(authority.cert)))).toBe(true)
    await using plain = new Client({ host: `grpc://localhost:${flow.port}` })
    await expect(plain.post('/who', ['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('is probed over HTTPS, and runs without a warning event', async () => {
    expect(await probe()).toMatchObject({ httpGet: { path: '/health/ready', scheme: 'HTTPS' } })
    expect(await namespace.warnings()).toEqual([])
  })

  it('has its key in the Secret and nowhere else', async () => {
    const secret = await namespace.get<object>('secret', 'gateway-tls')
    const key = Buffer.from(first.key).toString('base64')
    expect(secret).toMatchObject({ type: 'kubernetes.io/tls', data: { 'tls.key': key } })
    const kinds = 'deployments,replicasets,pods,services,configmaps,events'
    const { stdout } = await namespace.kubectl('get', kinds, '--output', 'yaml')
    const { stdout: log } = await namespace.kubectl('logs', 'deployment/gateway')
    const line = first.key.split('\n')[1]!
    expect(stdout + log).not.toContain(line)
    expect(stdout).not.toContain(key)
  })

  it('gets a new certificate from the program that started it, whose own client goes on', async () => {
    const before = await serial()
    files.write('cert.pem', second.cert)
    files.write('key.pem', second.key)
    await expect.poll(serial).not.toBe(before)
    expect((await flow.post('/who', ['a'])).texts).toEqual(['a'])
  })

  it('gets a new certificate from a program that is attached', async () => {
    const before = await serial()
    const newer = folderWith({ 'cert.pem': third.cert, 'key.pem': third.key })
    const renew = { cert: newer.path('cert.pem'), key: newer.path('key.pem') }
    const where = { namespace: namespace.name, kubeconfig: inject('kubeconfig') }
    const tls = { ca, serverName: 'flow.test' }
    await using attached = await Flow.attach({ on: 'kubernetes', ...where, tls, renew })
    await expect.poll(serial).not.toBe(before)
    expect((await attached.post('/who', ['a'])).texts).toEqual(['a'])
    newer.write('cert.pem', second.cert)
    newer.write('key.pem', second.key)
    await expect.poll(serial).toBe(before)
    newer.close()
  })

  it('requires certificates of clients after an update, is ready, and answers those who have one', async () => {
    await flow.close()
    flow = await shop(mutual).start({ ...onKubernetes(namespace), tls: own })
    expect((await flow.post('/who', ['a'])).texts).toEqual(['a'])
    expect(await probe()).toMatchObject({ exec: { command: expect.any(Array) } })
    expect((await flow.status()).stages).toMatchObject([{ ready: 1, degraded: null }])
    expect(await namespace.warnings()).toEqual([])

    await using known = new Client({ host: `https://localhost:${flow.port}`, tls: { ca, ...own } })
    expect((await known.post('/who', ['a'])).texts).toEqual(['a'])
    await using stranger = new Client({ host: `grpcs://localhost:${flow.port}`, tls: { ca } })
    await expect(stranger.post('/who', ['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await curl(flow.port, '--cert', own.cert, '--key', own.key)).toBe('{"status":"ready"}')
    await expect(curl(flow.port)).rejects.toThrow(/certificate required|alert/)
    const [root, key, cert] = [authority.cert, caller.key, caller.cert].map((text) => Buffer.from(text))
    expect(await isAnswered(flow.port, grpc.credentials.createSsl(root!, key!, cert!))).toBe(true)
    expect(await isAnswered(flow.port, grpc.credentials.createSsl(root!))).toBe(false)
  })

  it('is removed with its Secret', async () => {
    await flow.close({ remove: true })
    expect((await namespace.kubectl('get', 'secrets', '--output', 'name')).stdout).toBe('')
  })
})

describe('an exported Flow that requires certificates and tokens of clients', () => {
  const token = 'let-me-in'
  let namespace: Namespace
  beforeAll(async () => {
    namespace = await Namespace.create()
    const from = Object.entries({ 'tls.crt': server.cert, 'tls.key': server.key, 'ca.crt': ca })
    const secret = from.map(([name, file]) => `--from-file=${name}=${file}`)
    await namespace.kubectl('create', 'secret', 'generic', 'gateway-tls', ...secret)
    await namespace.kubectl('create', 'secret', 'generic', 'gateway-auth', `--from-literal=TOKENS=${token}`)
    const auth = { bearer: { env: 'TOKENS' } }
    await apply(namespace, new Flow({ name: 'shop', tls: mutual, auth }).add({ name: 'who', uses: echo }))
  })
  afterAll(() => namespace.remove())

  it('is ready by the health file, and answers those who have both', async () => {
    await using gateway = await forward(namespace, 'grpcs')
    await using known = new Client({ host: gateway.host, tls: { ca, ...own }, token })
    expect((await known.post('/who', ['a'])).texts).toEqual(['a'])
    await using stranger = new Client({ host: gateway.host, tls: { ca }, token })
    await expect(stranger.post('/who', ['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const newer = folderWith({ 'cert.pem': third.cert, 'key.pem': third.key })
    const renew = { cert: newer.path('cert.pem'), key: newer.path('key.pem'), ca }
    const where = { namespace: namespace.name, kubeconfig: inject('kubeconfig') }
    const tls = { ca, ...own, serverName: 'flow.test' }
    await using attached = await Flow.attach({ on: 'kubernetes', ...where, tls, token })
    expect((await attached.post('/who', ['a'])).texts).toEqual(['a'])
    await using tokenless = await Flow.attach({ on: 'kubernetes', ...where, tls })
    await expect(tokenless.post('/who', ['a'])).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    const refused = Flow.attach({ on: 'kubernetes', ...where, tls: { ca, ...own }, renew })
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('kubectl-create') })
    newer.close()
    const [pod] = await namespace.pods('gateway')
    expect(pod!.status.containerStatuses).toMatchObject([{ restartCount: 0 }])
    expect(await namespace.warnings()).toEqual([])
  })
})
