import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Client, Document, Flow } from 'millrace'
import { afterAll, expect, inject, it } from 'vitest'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { conceptsProject } from '../support/concepts.suite.js'
import { serialOf } from '../support/serial.js'
import { containersOf, docker } from './support/docker.js'

const authority = new Authority()
const [first, second, third] = [1, 2, 3].map(() => authority.server({ name: 'flow.test' })) as [
  Issued,
  Issued,
  Issued,
]
const caller = authority.client({ name: 'caller' })
const files = folderWith({
  'ca.pem': authority.cert,
  'cert.pem': first.cert,
  'key.pem': first.key,
  'caller.pem': caller.cert,
  'caller-key.pem': caller.key,
})
afterAll(() => files.close())

type Issued = ReturnType<Authority['server']>

const name = `tls-${process.pid}`
const executors = `${conceptsProject}/concepts/executors.mjs`
const flow = (): Flow<'who'> =>
  new Flow({
    name,
    host: '127.0.0.1',
    quiet: true,
    protocol: ['grpc', 'http'],
    tls: { cert: files.path('cert.pem'), key: files.path('key.pem') },
  }).add({ name: 'who', uses: `${executors}#Who` })

const serialAt = (port: number): Promise<string> =>
  serialOf(port, { ca: authority.cert, servername: 'flow.test' })

it('a Flow with TLS runs on Docker, its key is nowhere but in the container, and it gets renewed files', async () => {
  await using running = flow()
  await running.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  try {
    expect((await running.post('/who', [new Document({ text: 'a' })])).length).toBe(1)
    const ids = (await docker('ps', '--quiet', '--filter', `label=millrace.flow=${name}`)).trim().split('\n')
    const told = await docker('inspect', ...ids)
    const logs = await Promise.all(ids.map((id) => docker('logs', id)))
    const secret = first.key.split('\n')[1]!
    expect([told, ...logs].join('')).not.toContain(secret)

    const before = await serialAt(running.port)
    files.write('cert.pem', second.cert)
    files.write('key.pem', second.key)
    await expect.poll(() => serialAt(running.port), { timeout: 60_000, interval: 200 }).not.toBe(before)

    await using attached = await Flow.attach({
      on: 'docker',
      name,
      tls: { ca: files.path('ca.pem'), serverName: 'flow.test' },
    })
    expect((await attached.post('/who', [new Document({ text: 'a' })])).length).toBe(1)
    await expect(running.status()).resolves.toMatchObject({
      listeners: [{ protocols: ['grpc', 'http'], tls: true }],
    })

    const renewed = await serialAt(running.port)
    const own = folderWith({ 'cert.pem': third.cert, 'key.pem': third.key })
    const renew = { cert: own.path('cert.pem'), key: own.path('key.pem') }
    await using renewing = await Flow.attach({ on: 'docker', name, renew })
    await expect.poll(() => serialAt(running.port), { timeout: 60_000, interval: 200 }).not.toBe(renewed)
    own.write('cert.pem', second.cert)
    own.write('key.pem', second.key)
    await expect.poll(() => serialAt(running.port), { timeout: 60_000, interval: 200 }).toBe(renewed)
    await renewing.close()
    own.close()
    const withAuthorities = { ...renew, ca: files.path('ca.pem') }
    await expect(Flow.attach({ on: 'docker', name, renew: withAuthorities })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('Leave ca out'),
    })
  } finally {
    await running.close({ remove: true })
  }
  expect(await containersOf(name)).toEqual([])
})

it('a Flow on Docker that requires certificates of clients serves those who have one, and nobody else', async () => {
  const mutual = `mutual-${process.pid}`
  const [ca, cert, key] = ['ca.pem', 'caller.pem', 'caller-key.pem'].map((file) => files.path(file))
  await using running = new Flow({
    ...{ name: mutual, host: '127.0.0.1', quiet: true, protocol: ['grpc', 'http'] },
    tls: { cert: files.path('cert.pem'), key: files.path('key.pem'), ca: ca!, clientCertificate: 'require' },
  }).add({ name: 'who', uses: `${executors}#Who` })
  await running.start({
    ...{ on: 'docker', image: inject('projectImage'), project: conceptsProject },
    tls: { cert: cert!, key: key! },
  })
  try {
    expect((await running.post('/who', ['a'])).texts).toEqual(['a'])
    expect((await running.status()).stages).toMatchObject([{ ready: 1, degraded: null }])
    const tls = { ca: ca!, serverName: 'localhost' }
    for (const scheme of ['grpcs', 'https']) {
      const host = `${scheme}://127.0.0.1:${running.port}`
      await using known = new Client({ host, tls: { ...tls, cert: cert!, key: key! } })
      expect((await known.post('/who', ['a'])).texts).toEqual(['a'])
      await using stranger = new Client({ host, tls })
      await expect(stranger.post('/who', ['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    }
    const curl = (...args: readonly string[]) =>
      promisify(execFile)('curl', [
        '-sS',
        '--cacert',
        ca!,
        ...args,
        `https://127.0.0.1:${running.port}/health/ready`,
      ])
    expect((await curl('--cert', cert!, '--key', key!)).stdout).toBe('{"status":"ready"}')
    await expect(curl()).rejects.toThrow(/certificate required|alert/)
  } finally {
    await running.close({ remove: true })
  }
})
