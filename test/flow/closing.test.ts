import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Document, Flow } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { childProcesses } from '../support/processes.js'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function silentConnection(port: number, said = ''): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (said !== '') socket.write(said)
}

const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)

test('a Flow closes although silent connections are open', async () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', graceMs: 600_000 }).add({
    name: 'upper',
    uses: upper,
  })
  await flow.start()
  await silentConnection(flow.port)
  await silentConnection(flow.port, 'PRI * HTTP/2.0\r\n\r\n')
  await silentConnection(flow.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00')
  await flow.close()
})

test('a Flow closes although a call does not end, and leaves no pod', async () => {
  const before = childProcesses()
  const flow = new Flow({ quiet: true, host: '127.0.0.1', graceMs: 500 }).add({ name: 'upper', uses: upper })
  await flow.start()
  await silentConnection(flow.port)
  const call = flow.post('/wait', [new Document()], { parameters: { ms: 600_000 } }).then(
    () => 'answered',
    () => 'failed',
  )
  await expect.poll(async () => (await flow.status()).stages[0]?.pods?.[0]?.inFlight).toBe(1)
  await flow.close()
  expect(await call).toBe('failed')
  expect(childProcesses().filter((pid) => !before.includes(pid))).toEqual([])
})
