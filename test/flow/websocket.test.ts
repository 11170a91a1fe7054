import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { Client, Flow } from 'millrace'
import { expectNothingLeft, leftovers } from 'millrace/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { CommandLine } from '../support/command-line.js'

const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)
const page = readFileSync(new URL('../../docs/websocket.md', import.meta.url), 'utf8')

it('gRPC, HTTP and WebSocket share a port, and the Flow leaves nothing', async () => {
  const before = leftovers()
  {
    const protocol = ['grpc', 'http', 'websocket'] as const
    await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol })
      .add({ uses: upper })
      .start()
    expect((await flow.status()).listeners).toMatchObject([{ protocols: protocol, port: flow.port }])
    for (const scheme of ['grpc', 'http', 'ws']) {
      await using client = new Client({ host: `${scheme}://127.0.0.1:${flow.port}` })
      expect((await client.post('/upper', ['a'])).texts).toEqual(['A'])
    }
  }
  await expectNothingLeft(before)
})

it('a Flow of WebSocket alone is ready, called and pinged', async () => {
  await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: 'WEBSOCKET' })
    .add({ uses: upper, runtime: 'thread' })
    .start()
  expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
  const commandLine = new CommandLine()
  try {
    for (const kind of ['gateway', 'flow']) {
      const ping = await commandLine.run('ping', kind, `ws://127.0.0.1:${flow.port}`)
      expect(ping).toMatchObject({ code: 0, stdout: expect.stringContaining('is ready') })
    }
  } finally {
    await commandLine.close()
  }
})

it('protocols with a list of ports have their own', async () => {
  const protocol = ['websocket', 'http'] as const
  await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol, port: [0, 0] })
    .add({ uses: upper, runtime: 'thread' })
    .start()
  const [websocket, http] = flow.ports
  await using client = new Client({ host: `ws://127.0.0.1:${websocket}` })
  expect((await client.post('/upper', ['a'])).texts).toEqual(['A'])
  await using stranger = new Client({ host: `ws://127.0.0.1:${http}` })
  await expect(stranger.post('/upper', ['a'])).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

it('nothing is lost over WebSocket while replicas are scaled and killed', async () => {
  const before = leftovers()
  {
    await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: 'websocket' })
      .add({ name: 'upper', uses: upper, replicas: 3, restarts: { max: 100 } })
      .start()
    await using client = new Client({ host: `ws://127.0.0.1:${flow.port}` })
    let isOver = false
    let answered = 0
    const send = async (sender: number): Promise<void> => {
      for (let round = 0; !isOver; round++) {
        const sent = Array.from({ length: 20 }, (_, index) => `s${sender} ${round} ${index}`)
        const got = await client.post('/upper', sent, { requestSize: 1, resultsInOrder: true })
        expect(got.texts).toEqual(sent.map((text) => text.toUpperCase()))
        answered += got.length
      }
    }
    const senders = Array.from({ length: 8 }, (_, sender) => send(sender))
    for (const replicas of [5, 2, 4]) {
      const { stages } = await flow.status()
      const pids = stages.flatMap(({ pods }) => pods.flatMap(({ pid }) => pid ?? []))
      process.kill(pids[0]!, 'SIGKILL')
      await flow.scale('upper', { replicas })
    }
    isOver = true
    await Promise.all(senders)
    expect(answered).toBeGreaterThan(0)
  }
  await expectNothingLeft(before)
})

describe('the snippets of docs/websocket.md', () => {
  const token = 'a/b+c='
  const options = { quiet: true, host: '127.0.0.1', protocol: 'websocket' } as const
  const open = new Flow(options).add({ uses: upper, runtime: 'thread' })
  const locked = new Flow({ ...options, auth: { bearer: [token] } }).add({ name: 'entry' })

  beforeAll(async () => {
    await Promise.all([open.start(), locked.start()])
  })
  afterAll(async () => {
    await Promise.all([open.close(), locked.close()])
  })

  it.each([
    ['page', ['1 HELLO', 'closed 1000']],
    ['page stream', ['one', 'two', 'closed 1000']],
    ['page token', ['open json']],
  ])('%s', async (name, shown) => {
    const [, snippet = ''] = new RegExp(`^\`\`\`js ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? []
    const { port } = name === 'page token' ? locked : open
    const lines: string[] = []
    const code = snippet.replaceAll('localhost:8080', `127.0.0.1:${port}`)
    const show = (...words: unknown[]): number => lines.push(words.join(' '))
    // that of browsers from Node 22 on
    const sandbox = { WebSocket: globalThis.WebSocket ?? WebSocket, show, token }
    const socket = runInNewContext(`${code}\nsocket`, sandbox) as WebSocket
    await expect.poll(() => lines).toEqual(shown)
    socket.close()
  })
})
