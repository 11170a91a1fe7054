import { Flow } from 'millrace'
import { expect, test } from 'vitest'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { runPython } from './python.js'

test('the Jina client calls a Flow with TLS', async () => {
  const authority = new Authority()
  const issued = authority.server({ name: 'flow.test' })
  const files = folderWith({ 'ca.pem': authority.cert, 'cert.pem': issued.cert, 'key.pem': issued.key })
  const tls = { cert: files.path('cert.pem'), key: files.path('key.pem') }
  const flow = new Flow({ host: '127.0.0.1', quiet: true, protocol: ['grpc', 'http'], tls }).add({
    name: 'entry',
  })
  await flow.start()
  const answers = await runPython('jina_tls.py', { port: flow.port, ca: files.path('ca.pem') })
  await flow.close()
  files.close()
  expect(answers).toEqual({ grpcs: 250, 'tls=True': 250, https: 250 })
})
