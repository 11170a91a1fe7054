import { execFile } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client, Document, Flow } from 'millrace'
import { afterEach, describe, expect, it } from 'vitest'
import { commandLine, type Server, Servers } from './support/servers.js'

const fixture = path.resolve(import.meta.dirname, 'fixtures/shard-executors.mjs')
const slow = path.resolve(import.meta.dirname, 'fixtures/flow-executors.mjs')
const troubled = path.resolve(import.meta.dirname, 'fixtures/pods/executors.mjs')
const run = promisify(execFile)
const servers = new Servers()

afterEach(() => servers.close())

const executor = (...args: string[]): Promise<Server> => servers.start('executor', ...args)
const ping = (...args: string[]) => run(process.execPath, [commandLine, 'ping', ...args])

describe('millrace executor', () => {
  it('serves one shard of an external stage of a Flow', async () => {
    const servers = await Promise.all(
      [0, 1].map((shard) =>
        executor(
          '--uses',
          `${fixture}#MemoryIndex`,
          '--name',
          'indexer',
          '--shards',
          '2',
          '--shard-id',
          `${shard}`,
        ),
      ),
    )
    await using flow = await new Flow({ quiet: true, host: '127.0.0.1' })
      .add({
        name: 'indexer',
        external: true,
        host: '127.0.0.1',
        port: servers.map(({ port }) => port),
        shards: 2,
        polling: { '/index': 'KEY', '/search': 'ALL', '*': 'KEY' },
      })
      .start()
    const docs = Array.from(
      { length: 20 },
      (_, n) => new Document({ id: `d${n}`, embedding: Float32Array.of(n, 1) }),
    )
    const placed = await flow.post('/where', docs)
    expect([...placed].map(({ id }) => id)).toEqual(docs.map(({ id }) => id))
    expect(new Set([...placed].map(({ tags }) => tags.name))).toEqual(
      new Set(['indexer/shard-0/rep-0', 'indexer/shard-1/rep-0']),
    )
    await flow.post('/index', docs)
    const query = new Document({ embedding: Float32Array.of(3, 1) })
    const [answer] = await flow.post('/search', query, { returnResponses: true })
    // the limit comes from the Executor's ranking, which it sends over the wire
    expect([...answer!.docs.at(0)!.matches].map(({ id }) => id)).toEqual(['d3', 'd2', 'd4', 'd1', 'd5'])
    expect(answer!.shards).toEqual({ total: 2, ok: 2, failed: 0, skipped: 0 })
  })

  it('reports that it is ready, drains on SIGTERM, and then refuses connections', async () => {
    const { child, port } = await executor('--uses', `${slow}#Upper`)
    const host = `127.0.0.1:${port}`
    expect((await ping('executor', host)).stdout).toBe(`${host} is ready\n`)
    expect((await ping('flow', `grpc://${host}`)).stdout).toContain('is ready')
    const client = new Client({ host: `grpc://${host}` })
    const answered = client.post('/wait', new Document({ text: 'x' }), { parameters: { ms: 300 } })
    // it is in flight, not just about to be sent
    await client.post('/upper', new Document({ text: 'x' }))
    child.kill('SIGTERM')
    expect(await answered).toHaveLength(1)
    expect(await once(child, 'exit')).toEqual([0, null])
    await client.close()
    await expect(ping('executor', host, '--attempts', '2')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(host) as string,
    })
  })

  it('exits with the exit code of its Executor when restarts are off', async () => {
    const { child, port } = await executor('--uses', `${troubled}#Troubled`, '--restarts', '0')
    expect((await ping('executor', `127.0.0.1:${port}`)).stdout).toContain('is ready')
    const exit = once(child, 'exit')
    const client = new Client({ host: `grpc://127.0.0.1:${port}` })
    await expect(client.post('/die', new Document())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await exit).toEqual([3, null])
    await client.close()
  })

  it('exits with the exit code of an Executor that did not start', async () => {
    const args = [commandLine, 'executor', '--uses', `${troubled}#DiesInConstructor`, '--restarts', '0']
    await expect(run(process.execPath, args)).rejects.toMatchObject({
      code: 7,
      stderr: expect.stringMatching(
        /licence expired[^]*it ends, because its Executor exited with code 7/,
      ) as string,
    })
  })

  it('drains on SIGTERM when restarts are off, too', async () => {
    const { child, port } = await executor('--uses', `${slow}#Upper`, '--restarts', '0')
    const client = new Client({ host: `grpc://127.0.0.1:${port}` })
    const answered = client.post('/wait', new Document({ text: 'x' }), { parameters: { ms: 300 } })
    await client.post('/upper', new Document({ text: 'x' }))
    child.kill('SIGTERM')
    expect(await answered).toHaveLength(1)
    expect(await once(child, 'exit')).toEqual([0, null])
    await client.close()
  })

  it('keeps running when its output is no longer read', async () => {
    const { child, port } = await executor('--uses', `${slow}#Upper`)
    child.stderr!.destroy()
    child.kill('SIGTERM') // which it says
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(port).toBeGreaterThan(0)
  })

  it.each([
    [['executor'], /--uses is missing/],
    [['executor', '--uses', 'x', '--shards', '2'], /belong together/],
    [['executor', '--uses', 'x', '--restarts', '0', '--replicas', '2'], /--replicas can only be 1/],
    [['executor', '--uses', 'x', '--uses-with', '[1]'], /must be a JSON object, not '\[1\]'/],
    [['executor', '--uses', 'x', '--port', 'http'], /--port must be a whole number/],
    [['ping', 'client', 'localhost:1'], /'client' is none of flow, executor, gateway/],
  ])('refuses %j', async (args, complaint) => {
    const outcome = run(process.execPath, [commandLine, ...args])
    await expect(outcome).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(complaint) as string,
    })
  })
})
