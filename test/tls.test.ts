import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import path from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { Flow } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'

const fixtures = path.join(import.meta.dirname, 'fixtures')
/** Self-signed, for localhost and 127.0.0.1. */
const certificate = path.join(fixtures, 'tls', 'certificate.pem')

const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({ name: 'entry' })
const accepted: { readonly protocol: string | false; readonly name: string | false | null }[] = []

/** Ends TLS in front of the Flow, as a load balancer does. */
const proxy = createServer(
  {
    cert: readFileSync(certificate),
    key: readFileSync(path.join(fixtures, 'tls', 'key.pem')),
    ALPNProtocols: ['h2'],
  },
  (near: TLSSocket) => {
    accepted.push({ protocol: near.alpnProtocol ?? false, name: near.servername })
    const far = connect(flow.port, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far).pipe(near)
  },
)

beforeAll(async () => {
  await flow.start()
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
})

afterAll(async () => {
  proxy.close()
  await flow.close()
})

async function ask(env: NodeJS.ProcessEnv): Promise<string> {
  const { port } = proxy.address() as AddressInfo
  const args = [path.join(fixtures, 'tls-client.mjs'), String(port)]
  return (
    await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } })
  ).stdout.trim()
}

test('a client speaks HTTP/2 over TLS to the host that it names', async () => {
  expect(await ask({ NODE_EXTRA_CA_CERTS: certificate })).toBe('over TLS')
  expect(accepted).toEqual([{ protocol: 'h2', name: 'localhost' }])
})

test('and to none whose certificate it cannot check', async () => {
  expect(await ask({})).toMatch(/^UNAVAILABLE true: .*cannot connect \(self-signed certificate/)
})
