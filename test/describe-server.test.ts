import { Flow } from 'millrace'
import { expect, test } from 'vitest'
import { describeServer } from '../src/client/describe-server.js'

const uses = new URL('fixtures/client-executors.mjs#Probe', import.meta.url)

test('a server with auth describes itself to a caller with its token', async () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', auth: { bearer: ['let-me-in'] } })
  await using running = await flow.add({ name: 'probe', uses, runtime: 'thread' }).start()
  const server = { host: `grpc://127.0.0.1:${running.port}`, tls: null }
  const { endpoints } = await describeServer({ ...server, token: 'let-me-in' })
  expect(endpoints).toContain('/echo')
  await expect(describeServer({ ...server, token: null })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})
