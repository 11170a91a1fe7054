import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Document, Flow } from 'millrace'
import { expectNothingLeft, leftovers } from 'millrace/testing'
import { expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.js'

const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)
const louder = new URL('../fixtures/flow-executors.mjs#Louder', import.meta.url)

async function post(port: number, path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...init,
  })
}

async function textsOf(response: Response): Promise<readonly string[]> {
  const { data } = (await response.json()) as { data: { text: string }[] }
  return data.map(({ text }) => text)
}

it('gRPC and HTTP share a port, and the Flow leaves nothing', async () => {
  const before = leftovers()
  {
    await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] })
      .add({ uses: upper })
      .start()
    expect((await flow.status()).listeners).toMatchObject([{ protocols: ['grpc', 'http'], port: flow.port }])
    expect(await textsOf(await post(flow.port, '/upper', { data: [{ text: 'a' }] }))).toEqual(['A'])
    await using client = new Client({ host: `127.0.0.1:${flow.port}` })
    expect((await client.post('/upper', new Document({ text: 'b' }))).texts).toEqual(['B'])
  }
  await expectNothingLeft(before)
})

it('protocols with a list of ports have their own, in order', async () => {
  await using flow = await new Flow({
    quiet: true,
    host: '127.0.0.1',
    protocol: ['HTTP', 'GRPC'],
    port: [0, 0],
  })
    .add({ uses: upper, runtime: 'thread' })
    .start()
  const [http = 0, grpc = 0] = flow.ports
  expect(await textsOf(await post(http, '/upper', { data: [{ text: 'a' }] }))).toEqual(['A'])
  expect((await post(http, '/fail', {})).headers.get('millrace-status')).toBe('EXECUTOR_FAILED')
  await using client = new Client({ host: `127.0.0.1:${grpc}` })
  expect((await client.post('/upper', ['b'])).texts).toEqual(['B'])
  expect((await post(grpc, '/upper', {})).status).toBe(505)
})

it('a Flow from YAML answers HTTP alone, and ping finds it ready', async () => {
  const yaml = `{jtype: Flow, with: {protocol: HTTP, host: 127.0.0.1, quiet: true, http: {error_status: true}}, executors: [{uses: '${upper.href}'}]}`
  await using flow = await (await Flow.loadConfig(yaml)).start()
  expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
  expect((await post(flow.port, '/fail', {})).status).toBe(500)
  const commandLine = new CommandLine()
  for (const kind of ['flow', 'gateway']) {
    const { code, stdout } = await commandLine.run('ping', kind, `http://127.0.0.1:${flow.port}`)
    expect([code, stdout]).toEqual([0, `http://127.0.0.1:${flow.port} is ready\n`])
  }
  expect((await commandLine.run('ping', 'flow', 'http://127.0.0.1:1')).code).toBe(1)
  await commandLine.close()
})

it('a client that leaves cancels the handler, and closing waits for requests in flight', async () => {
  const flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: 'http' })
    .add({ uses: upper })
    .start()
  const leaving = request({
    port: flow.port,
    method: 'POST',
    path: '/wait',
    headers: { 'content-type': 'application/json' },
  })
  leaving.on('error', () => {})
  leaving.end('{"parameters":{"ms":600000}}')
  await expect.poll(async () => inFlight(await flow.status())).toBe(1)
  leaving.destroy()
  await expect.poll(async () => inFlight(await flow.status())).toBe(0)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-http-'))
  const until = join(folder, 'release')
  const { port } = flow
  const last = post(port, '/held', { parameters: { until } })
  await expect.poll(async () => inFlight(await flow.status())).toBe(1)
  const closed = flow.close()
  await expect.poll(() => isListening(port)).toBe(false)
  await writeFile(until, '')
  expect((await last).headers.get('connection')).toBe('close')
  await closed
  await rm(folder, { recursive: true })
})

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

it('a generator is streamed through several stages, to browsers, to curl and to the client', async () => {
  await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] })
    .add({ uses: upper })
    .add({ uses: louder })
    .start()
  const response = await fetch(`http://127.0.0.1:${flow.port}/words?text=one+two`, {
    headers: { accept: 'text/event-stream' },
  })
  const text = await response.text()
  expect([...text.matchAll(/"text":"(.*?)"/g)].map(([, word]) => word)).toEqual(['one!', 'two!'])
  expect(text.endsWith('event: end\r\n\r\n')).toBe(true)
  for (const scheme of ['grpc', 'http']) {
    await using client = new Client({ host: `${scheme}://127.0.0.1:${flow.port}` })
    const words: string[] = []
    for await (const document of client.streamDoc('/words', 'one two')) words.push(document.text)
    expect(words).toEqual(['one!', 'two!'])
    const failing = client.streamDoc('/fail', 'a')[Symbol.asyncIterator]()
    await expect(failing.next()).rejects.toMatchObject({
      code: 'EXECUTOR_FAILED',
      message: expect.stringContaining('the wheel is broken'),
    })
  }
})

it('streams whose clients vanish are aborted in the Executor, and leave nothing', async () => {
  const before = leftovers()
  {
    await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: 'http' })
      .add({ uses: upper })
      .start()
    const clients = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const sent = request({
          port: flow.port,
          method: 'POST',
          path: '/endless',
          headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
          agent: false,
        })
        sent.on('error', () => {})
        if (at % 2 === 0) {
          // leaves in the middle of its body
          sent.setHeader('content-length', 100)
          sent.write('{"data":')
          return sent
        }
        sent.end('{"data":{}}')
        await once(sent, 'response')
        return sent
      }),
    )
    await expect.poll(async () => inFlight(await flow.status())).toBe(10)
    for (const client of clients) client.destroy()
    await expect.poll(async () => inFlight(await flow.status())).toBe(0)
    expect(await textsOf(await post(flow.port, '/upper', { data: [{ text: 'a' }] }))).toEqual(['A'])
  }
  await expectNothingLeft(before)
})

function inFlight({ stages }: Awaited<ReturnType<Flow['status']>>): number {
  return stages.flatMap(({ pods }) => pods).reduce((sum, pod) => sum + pod.inFlight, 0)
}
