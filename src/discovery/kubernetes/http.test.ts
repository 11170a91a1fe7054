import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readLines, readText, sendHttp } from './http.js'

async function serverThat(answer: (response: ServerResponse) => void): Promise<URL> {
  const server = createServer((_, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

test('an answer of any status is an answer', async () => {
  const url = await serverThat((response) => response.writeHead(503).end('Zürich'))
  const response = await sendHttp({ url, options: {}, timeoutMs: 10_000 })
  expect(response.statusCode).toBe(503)
  expect(await readText(response, 10_000)).toBe('Zürich')
})

test('an answer that does not begin, end or go on is given up', async () => {
  const silent = await serverThat(() => {})
  await expect(sendHttp({ url: silent, options: {}, timeoutMs: 20 })).rejects.toThrow('no answer in 20 ms')
  const stuck = await serverThat((response) => response.write('half\nmo'))
  const whole = await sendHttp({ url: stuck, options: {}, timeoutMs: 10_000 })
  await expect(readText(whole, 20)).rejects.toThrow('no answer in 20 ms')
  const lines = readLines(await sendHttp({ url: stuck, options: {}, timeoutMs: 10_000 }), 20)
  expect(await lines.next()).toEqual({ done: false, value: 'half' })
  await expect(lines.next()).rejects.toThrow('no answer in 20 ms')
})
