import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { answeringServer } from './answering-server.js'

const h2spec = fileURLToPath(new URL('../../.cache/bin/h2spec', import.meta.url))

test('all cases of h2spec pass, the strict ones too', async () => {
  const server = answeringServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  // exits with 1 when a case fails; its output says which
  const { stdout } = await promisify(execFile)(h2spec, ['--strict', '--port', String(port)]).catch(
    (error: unknown) => error as { stdout: string },
  )
  server.close()
  expect(stdout).toMatch(/\b(\d{3}) tests, \1 passed, 0 skipped, 0 failed/)
})
