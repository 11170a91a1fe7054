import { once } from 'node:events'
import { Client } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Servers } from '../support/servers.js'
import { runPython, servePython, type PythonServer } from './python.js'

// `millrace gateway` instead of Jina's gateway, with the arguments that Jina writes into a Docker Compose file.

let server: PythonServer<{ readonly executor: number }>

beforeAll(async () => {
  server = await servePython('jina_server.py', {})
})

afterAll(() => server?.stop())

test('a gateway accepts the arguments that Jina exports', async () => {
  const exported = await runPython<string[]>('jina_gateway_args.py', {})
  expect(exported[0]).toBe('gateway')
  // the names of Compose's services are replaced by the one server of this test
  const args = exported.map((text) =>
    text
      .replaceAll(/"(?:foreign|again)(?:-rep-\d)?:8081"/g, `"127.0.0.1:${server.ready.executor}"`)
      .replace('12345', '0'),
  )
  const servers = new Servers()
  try {
    const [command, ...rest] = args
    const { child, port } = await servers.start(command!, ...rest)
    const client = new Client({ host: `grpc://127.0.0.1:${port}` })
    const docs = await client.post('/reverse', ['abc', 'grüße'], { parameters: { suffix: '!' } })
    // each of the two stages reverses the text
    expect(docs.texts.toSorted()).toEqual(['!abc!', '!grüße!'])
    await client.close()
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
  } finally {
    await servers.close()
  }
})
