import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { TlsRules } from '../gateway/tls/tls-rules.js'
import { deferred } from '../lib/deferred.js'
import { ClientCredentials } from '../tls/client-credentials.js'
import { Authority, folderWith, type Issued } from '../tls/certificates.suite.js'
import { type CertificateFile, ownClientTls, readCertificates, renewCertificates } from './certificates.js'

const authority = new Authority()
const shown = authority.server({ name: 'flow.test' })
const other = authority.server({ name: 'flow.test' })

const closes: (() => void)[] = []
afterEach(() => {
  for (const close of closes.splice(0)) close()
})

function filesWith({ cert, key }: Issued): TlsRules {
  const files = folderWith({ 'cert.pem': cert, 'key.pem': key })
  closes.push(() => files.close())
  return { cert: files.path('cert.pem'), key: files.path('key.pem'), ca: null, clientCertificate: null }
}

async function served({ cert, key }: Issued): Promise<number> {
  const server: Server = createServer({ cert, key }, (socket) => socket.end())
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  closes.push(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Connects as this program's client does, to an address that is not in the certificate. */
async function handshake(port: number, rules: TlsRules): Promise<void> {
  const credentials = new ClientCredentials(ownClientTls(rules, null)!)
  const socket = connect({ port, host: '127.0.0.1', ...credentials.optionsFor('docker.internal') })
  try {
    await once(socket, 'secureConnect')
  } finally {
    socket.destroy()
  }
}

describe('the client of a Flow on a platform', () => {
  it("trusts the Flow's certificate, whose authority it does not know", async () => {
    await handshake(await served(shown), filesWith(shown))
  })

  it('trusts no other certificate, not even of the same authority', async () => {
    await expect(handshake(await served(other), filesWith(shown))).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_|SELF_SIGNED/),
    })
  })

  it('uses what it is given instead', () => {
    const given = { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem', serverName: 'shop.example' }
    expect(ownClientTls(filesWith(shown), given)).toEqual(given)
    expect(ownClientTls(filesWith(shown), null)).toMatchObject({ serverName: 'flow.test' })
    expect(ownClientTls(null, null)).toBeNull()
  })

  it('needs a certificate of its own where the gateway asks for one', () => {
    const rules: TlsRules = { ...filesWith(shown), ca: 'ca.pem', clientCertificate: 'require' }
    expect(() => ownClientTls(rules, null)).toThrow('tls: { cert, key }')
    expect(ownClientTls(rules, { cert: 'c.pem', key: 'k.pem' })).toMatchObject({ cert: 'c.pem' })
  })
})

describe('files of TLS', () => {
  it('are read with their names in the container', () => {
    expect(readCertificates(filesWith(shown))).toEqual([
      { name: 'tls.crt', target: '/etc/millrace-tls/tls.crt', text: shown.cert },
      { name: 'tls.key', target: '/etc/millrace-tls/tls.key', text: shown.key },
    ])
    expect(readCertificates(null)).toEqual([])
  })

  it('are written again when they change, once certificate and key belong together', async () => {
    const rules = filesWith(shown)
    const said = deferred<string>()
    const written: (readonly CertificateFile[])[] = []
    let next = deferred()
    closes.push(
      renewCertificates(rules, {
        report: (sentence) => said.resolve(sentence),
        async write(files) {
          written.push(files)
          next.resolve()
        },
      }),
    )
    await next.promise
    next = deferred()
    writeFileSync(rules.cert, other.cert)
    expect(await said.promise).toContain('stays in use')
    expect(written).toHaveLength(1)
    writeFileSync(rules.key, other.key)
    await next.promise
    expect(written[1]!.map(({ text }) => text)).toEqual([other.cert, other.key])
  })
})
