import { once } from 'node:events'
import { createServer } from 'node:net'
import { Client, Flow, MillraceError } from 'millrace'
import { expectNothingLeft, leftovers } from 'millrace/testing'
import { expect, it, vi } from 'vitest'
import { canConnect, hasIPv6 } from '../support/network.js'

const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)

it('a Flow with several ports answers at each of them, and tells them', async () => {
  const written: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0)
  await using flow = await new Flow({ host: '127.0.0.1', protocol: ['grpc', 'grpc'], port: [0, 0] })
    .add({ uses: upper, runtime: 'thread' })
    .start()
  vi.restoreAllMocks()
  const [first = 0, second = 0] = flow.ports
  expect(flow.port).toBe(first)
  expect(second).not.toBe(first)
  for (const port of flow.ports) {
    await using client = new Client({ host: `127.0.0.1:${port}` })
    expect((await client.post('/upper', ['a'])).texts).toEqual(['A'])
    expect(written.join('')).toContain(`127.0.0.1:${port}`)
  }
  expect((await flow.status()).listeners).toEqual(
    [first, second].map((port) => ({ protocols: ['grpc'], host: '127.0.0.1', port, tls: false })),
  )
})

it('a port that is taken leaves no other one open, and the error says which it is', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  const probe = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(taken, 'listening'), once(probe, 'listening')])
  const [second, first] = [taken, probe].map((server) => (server.address() as { readonly port: number }).port)
  probe.close()
  await once(probe, 'close')
  const before = leftovers()
  const flow = new Flow({
    ...{ quiet: true, host: '127.0.0.1' },
    protocol: ['grpc', 'grpc'],
    port: [first!, second!],
  }).add({ uses: upper })
  const error = MillraceError.from(await flow.start().catch((reason: unknown) => reason))
  expect(error.code).toBe('PORT_IN_USE')
  expect(error.message).toContain(`grpc at 127.0.0.1:${second}`)
  expect(await canConnect('127.0.0.1', first!)).toBe(false)
  await expectNothingLeft(before)
  taken.close()
})

it.runIf(hasIPv6).each([
  ['::1', ['[::1]']],
  ['[::1]', ['[::1]']],
  ['::', ['[::1]', '127.0.0.1']],
])('a Flow on host %s is reached at %j', async (host, reached) => {
  const written: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0)
  await using flow = await new Flow({ host }).add({ uses: upper, runtime: 'thread' }).start()
  vi.restoreAllMocks()
  const { port } = flow
  expect(written.join('')).toContain(`${host === '::' ? '[::]' : '[::1]'}:${port}`)
  expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
  for (const address of reached) {
    await using client = new Client({ host: `grpc://${address}:${port}` })
    expect((await client.post('/upper', ['a'])).texts).toEqual(['A'])
  }
})

it.runIf(hasIPv6)('a stage is served by external servers at addresses of IPv6', async () => {
  await using server = await new Flow({ quiet: true, host: '::1' })
    .add({ name: 'upper', uses: upper, runtime: 'thread' })
    .start()
  for (const host of ['::1', '[::1]']) {
    await using flow = await new Flow({ quiet: true, host: '::1' })
      .add({ name: 'upper', external: true, host, port: server.port })
      .start()
    expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
  }
  const yaml = `{jtype: Flow, with: {host: '[::1]', quiet: true}, executors: [{name: upper, external: true, host: '[::1]:${server.port}'}]}`
  await using flow = await (await Flow.loadConfig(yaml)).start()
  expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
})
