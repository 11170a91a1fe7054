import { Client, Flow } from 'millrace'
import { expect, it } from 'vitest'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { conceptsProject } from '../support/concepts.suite.js'
import { Composed } from './support/compose.js'
import { docker } from './support/docker.js'

it('an exported Flow that requires certificates of clients is healthy, and answers those who have one', async () => {
  const authority = new Authority()
  const server = authority.server({ name: 'flow.test' })
  const caller = authority.client({ name: 'caller' })
  const files = folderWith({ 'ca.pem': authority.cert, 'cert.pem': server.cert, 'key.pem': server.key })
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((file) => files.path(file)) as [
    string,
    string,
    string,
  ]
  const tls = { cert, key, ca, clientCertificate: 'require' } as const
  const flow = new Flow({ name: 'locked', host: '127.0.0.1', quiet: true, tls }).add({
    name: 'who',
    uses: `${conceptsProject}/concepts/executors.mjs#Who`,
  })
  const own = { ca, cert: caller.cert, key: caller.key }
  const composed = await Composed.up(flow, conceptsProject, { scheme: 'grpcs', tls: own })
  try {
    const [gateway] = await composed.containers('gateway')
    expect(await docker('inspect', '-f', '{{.State.Health.Status}}', gateway!)).toBe('healthy')
    expect(await docker('inspect', gateway!)).not.toContain(server.key.split('\n')[1])
    await using known = composed.client()
    expect((await known.post('/who', ['a'])).texts).toEqual(['a'])
    await using stranger = new Client({ host: composed.host, tls: { ca } })
    await expect(stranger.post('/who', ['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  } finally {
    await composed.remove()
    files.close()
  }
})
