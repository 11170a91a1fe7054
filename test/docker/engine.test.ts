import { afterEach, expect, inject, onTestFinished, test } from 'vitest'
import { Container } from '../../src/docker-engine/container.js'
import type { ContainerSpec } from '../../src/docker-engine/container-spec.js'
import { connectEngine, type Engine } from '../../src/docker-engine/engine.js'
import { ensureImage } from '../../src/docker-engine/image.js'
import { ensureNetwork, removeNetwork } from '../../src/docker-engine/network.js'

const image = inject('baseImage')
const labels = { 'millrace.test': 'engine' }

let engine: Engine
const made: Container[] = []

async function create(spec: Partial<ContainerSpec>): Promise<Container> {
  engine ??= await connectEngine()
  const container = await Container.create(engine, { image, labels, ...spec })
  made.push(container)
  return container
}

afterEach(async () => {
  for (const container of made.splice(0)) await container.remove()
})

const nodeThat = (program: string): Partial<ContainerSpec> => ({ command: ['node', '-e', program] })

test('a container runs, and reports its output, exit and state', async () => {
  const container = await create({ ...nodeThat('console.log("out"); console.error("err"); process.exit(5)') })
  const [out, err]: [string[], string[]] = [[], []]
  await container.start()
  await container.follow({ onLine: (line) => out.push(line), onErrorLine: (line) => err.push(line) })
  expect([out, err]).toEqual([['out'], ['err']])
  expect(await container.wait()).toEqual({ code: 5, outOfMemory: false })
  expect(await container.inspect()).toMatchObject({ image, labels, state: 'exited', exitCode: 5, pid: 0 })
  await container.remove()
  await container.remove()
  expect(await container.inspect()).toBeNull()
  expect(await container.wait()).toBeNull()
})

test('files copied into a container exist when it starts, and a port is published', async () => {
  const container = await create({
    command: ['node', '/etc/made/a/serve.cjs'],
    publish: [{ port: 8080, at: { host: '127.0.0.1', port: 0 } }],
  })
  const text = 'require("http").createServer((_, a) => a.end("hallo")).listen(8080, () => console.log("up"))'
  await container.put([{ path: 'etc/made/a/serve.cjs', text }], '/')
  await container.start()
  await new Promise<void>((resolve) => void container.follow({ onLine: () => resolve() }))
  const facts = await container.inspect()
  const answer = await fetch(`http://127.0.0.1:${facts?.ports[8080]}`)
  expect(await answer.text()).toBe('hallo')
  expect(facts?.pid).toBeGreaterThan(0)
})

test('its standard input stays open until it is released', async () => {
  const echo = 'process.stdin.on("data", (d) => console.log(String(d))).on("end", () => console.log("end"))'
  const container = await create({ ...nodeThat(echo), stdin: 'lifeline' })
  const lines: string[] = []
  const { stdin, ended } = await container.attach({ onLine: (line) => lines.push(line) })
  await container.start()
  stdin.write('hallo\n')
  await expect.poll(() => lines).toContain('hallo')
  stdin.end()
  await ended
  expect(lines).toContain('end')
  expect(await container.wait()).toEqual({ code: 0, outOfMemory: false })
})

test('a container that exceeds its memory limit is reported as out of memory', async () => {
  const program = 'const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1))'
  const container = await create({
    ...nodeThat(program),
    host: { Memory: 64 * 2 ** 20, MemorySwap: 64 * 2 ** 20 },
  })
  await container.start()
  expect(await container.wait()).toEqual({ code: 137, outOfMemory: true })
})

test('containers of a network find each other by name', async () => {
  engine = await connectEngine()
  const network = { name: `millrace-test-${process.pid}`, labels }
  const [id, again] = [await ensureNetwork(engine, network), await ensureNetwork(engine, network)]
  expect(again).toBe(id)
  onTestFinished(() => removeNetwork(engine, network.name))
  const sleeps = nodeThat('setInterval(() => {}, 1000)')
  const server = await create({ ...sleeps, network: { name: network.name, aliases: ['server'] } })
  await server.start()
  const lookup = 'require("dns").lookup("server", (_, address) => console.log(address))'
  const client = await create({ ...nodeThat(lookup), network: { name: network.name } })
  const lines: string[] = []
  await client.start()
  await client.follow({ onLine: (line) => lines.push(line) })
  expect(lines).toEqual([(await server.inspect())?.addresses[network.name]])
  for (const container of made.splice(0)) await container.remove()
})

test('a missing image is pulled, and the error says why when that fails', async () => {
  engine = await connectEngine()
  const sentences: string[] = []
  const name = '127.0.0.1:9/nowhere/thing:1'
  const report = (sentence: string): void => void sentences.push(sentence)
  await expect(ensureImage(engine, name, { report })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/127\.0\.0\.1:9\/nowhere\/thing:1 .*cannot be pulled: .*docker load/),
  })
  expect(sentences).toEqual([`The image ${name} is not on this engine; pulling it.`])
  const facts = await ensureImage(engine, inject('projectImage'), { report })
  expect(facts).toMatchObject({ entrypoint: ['millrace'], user: '1000:1000', os: 'linux' })
})

test('a taken port and a missing program have clear errors', async () => {
  const first = await create({
    ...nodeThat('setInterval(() => {}, 1000)'),
    publish: [{ port: 8080, at: { host: '127.0.0.1', port: 0 } }],
  })
  await first.start()
  const port = (await first.inspect())!.ports[8080]!
  const second = await create({
    command: ['node'],
    publish: [{ port: 8080, at: { host: '127.0.0.1', port } }],
  })
  await expect(second.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  const third = await create({ entrypoint: ['/no/such/program'] })
  await expect(third.start()).rejects.toThrow(/cannot be started: .*no such file/)
})
