import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Container } from './container.js'
import { connectEngine } from './engine.js'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** An engine on which another caller is removing the container; that removal ends as soon as this caller waits for it. */
async function engineThatIsRemoving(seen: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    const path = url.replace(/^\/v[\d.]+/, '')
    if (path.startsWith('/containers')) seen.push(`${method} ${path}`)
    const [status, body] =
      method === 'DELETE'
        ? [409, { message: 'removal of container abc is already in progress' }]
        : [200, { StatusCode: 0, Version: '27.0.0', ApiVersion: '1.46' }]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  return server
}

test('a container that another caller is removing is gone when remove() resolves', async () => {
  const seen: string[] = []
  const { port } = (await engineThatIsRemoving(seen)).address() as AddressInfo
  const engine = await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })
  await Container.at(engine, 'abc').remove()
  expect(seen).toEqual([
    expect.stringContaining('DELETE /containers/abc'),
    'POST /containers/abc/wait?condition=removed',
  ])
})
