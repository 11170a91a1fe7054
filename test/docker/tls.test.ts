import { writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { Document, Flow } from 'millrace'
import { afterAll, expect, inject, it } from 'vitest'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { conceptsProject } from '../support/concepts.suite.js'
import { containersOf, docker } from './support/docker.js'

const authority = new Authority()
const [first, second] = [1, 2].map(() => authority.server({ name: 'flow.test' })) as [Issued, Issued]
const files = folderWith({ 'ca.pem': authority.cert, 'cert.pem': first.cert, 'key.pem': first.key })
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

/** The serial number of the certificate that the gateway shows. */
async function serialAt(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'flow.test' })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

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
    writeFileSync(files.path('cert.pem'), second.cert)
    writeFileSync(files.path('key.pem'), second.key)
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
  } finally {
    await running.close({ remove: true })
  }
  expect(await containersOf(name)).toEqual([])
})
