import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const module = readFileSync(new URL('../page/calls.js', import.meta.url), 'utf8')
const client = readFileSync(new URL(import.meta.resolve('millrace/client')), 'utf8')

/** Serves a page whose module `calls.js` has the client of the package in `window.millrace`. */
export async function servePage(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer(({ url }, response) => {
    if (url === '/') response.setHeader('content-type', 'text/html')
    else response.setHeader('content-type', 'text/javascript')
    if (url === '/calls.js') response.end(module)
    else if (url === '/millrace-client.js') response.end(client)
    else response.end('<!doctype html><script type="module" src="calls.js"></script>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
