import { expect, test } from 'vitest'
import { Client } from '../../client/client.js'
import { MillraceError } from '../../errors.js'
import { gatewaysOfTests, pod, request } from '../fixture.suite.js'
import { withJinaHint } from './jina-hints.js'

const { startedGateway } = gatewaysOfTests()

test('only clients that are not of Millrace get the texts of Jina', async () => {
  const { gateway, client } = await startedGateway({ lonely: pod() })
  await gateway.remove('lonely', 'lonely/rep-0', { graceMs: 1000 })
  await expect(client.send(request())).rejects.toMatchObject({
    details: expect.stringContaining('|Gateway: Communication error with deployment lonely'),
  })
  await using ours = new Client({ host: `grpc://127.0.0.1:${client.port}` })
  const refused = await ours.post('/foo', [{ text: 'a' }]).catch(MillraceError.from)
  expect(refused).toMatchObject({ code: 'UNAVAILABLE' })
  expect((refused as MillraceError).message).not.toContain('|Gateway:')
})

test('an error that no stage has made is left as it is', () => {
  const error = new MillraceError('UNAVAILABLE', 'The server is closing.')
  expect(withJinaHint(error)).toBe(error)
})
