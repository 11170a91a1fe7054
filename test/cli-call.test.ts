import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandLine, type Ended } from './support/command-line.js'
import { commandLine as program } from './support/servers.js'

const upper = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
const commandLine = new CommandLine()
const folder = mkdtempSync(path.join(tmpdir(), 'm-call-'))
const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http', 'websocket'] }).add({
  name: 'upper',
  uses: upper,
  runtime: 'thread',
})
beforeAll(() => flow.start())
afterAll(async () => {
  await flow.close()
  await commandLine.close()
  rmSync(folder, { recursive: true })
})

const call = (...args: string[]): Promise<Ended> =>
  commandLine.run('call', '--host', `grpc://127.0.0.1:${flow.port}`, ...args)

const textsIn = ({ code, stdout, stderr }: Ended): unknown => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { text: string }).text]))
}

describe('millrace call', () => {
  it.each(['grpc', 'http', 'ws'])('sends texts and prints documents, over %s', async (scheme) => {
    const host = `${scheme}://127.0.0.1:${flow.port}`
    expect(textsIn(await commandLine.run('call', '/upper', 'warm', 'water', '--host', host))).toEqual([
      'WARM',
      'WATER',
    ])
  })

  it('reads documents as JSON, from a file, and from standard input', async () => {
    expect(textsIn(await call('/upper', '--data', '{"text": "one"}'))).toEqual(['ONE'])
    const file = path.join(folder, 'documents.json')
    writeFileSync(file, '[{"text": "one"}, "two"]')
    expect(textsIn(await call('/upper', '--data', `@${file}`))).toEqual(['ONE', 'TWO'])
    const args = [
      'call',
      '/upper',
      '--host',
      `grpc://127.0.0.1:${flow.port}`,
      '--data',
      '-',
      '--request-size',
      '1',
    ]
    const child = spawn(process.execPath, [program, ...args], { env: commandLine.env })
    child.stdin.end('{"text": "one"}\n{"text": "two"}\n\n{"text": "three"}\n')
    const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)])
    expect(textsIn({ code: 0, stdout, stderr })).toEqual(['ONE', 'TWO', 'THREE'])
  })

  it('sends files as blobs, with their addresses', async () => {
    const file = path.join(folder, 'picture.bin')
    writeFileSync(file, Uint8Array.of(1, 2, 255))
    const { stdout } = await call('/none', '--file', file)
    expect(JSON.parse(stdout)).toMatchObject({ uri: `file://${file}`, blob: 'AQL/' })
  })

  it('prints pieces of an answer as they come, and whole responses', async () => {
    expect(textsIn(await call('/words', 'one two three', '--stream'))).toEqual(['one', 'two', 'three'])
    const { stdout } = await call('/upper', 'a', '--responses', '--parameters', '{"limit": 3}')
    expect(JSON.parse(stdout)).toMatchObject({
      parameters: { limit: 3 },
      routes: [
        { executor: 'gateway' },
        { executor: 'upper', startTime: expect.stringMatching(/Z$/) as string },
      ],
      docs: [{ text: 'A' }],
    })
  })

  it('ends with 1 and says why when the call fails', async () => {
    expect(await call('/fail', 'a')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('the wheel is broken') as string,
    })
    // the client or the gateway, whichever notices it first
    const late = await call('/wait', 'a', '--parameters', '{"ms": 60000}', '--timeout', '50')
    expect(late).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/timeoutMs = 50|the deadline passed/) as string,
    })
    const nowhere = await commandLine.run('call', '/', 'a', '--host', 'grpc://127.0.0.1:1')
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('127.0.0.1:1') as string })
  })

  it('finds the Flow that runs on this machine', async () => {
    expect(await commandLine.run('call', '/', 'a')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No Flow of this user runs') as string,
    })
    await commandLine.start('shop', 'news')
    expect(textsIn(await commandLine.run('call', '/', 'a', '--flow', 'news'))).toEqual(['a'])
    expect((await commandLine.run('call', '/', 'a')).stderr).toContain('Several Flows run')
  })
})
