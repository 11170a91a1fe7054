import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Authority } from '../src/tls/certificates.suite.js'
import { CommandLine } from './support/command-line.js'

const page = readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8')
const upper = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
const hasCurl = spawnSync('curl', ['--version']).status === 0
const token = 'a-token.of_the~page+/=='

const folder = mkdtempSync(path.join(os.tmpdir(), 'security-'))
const tokens = path.join(folder, 'tokens')
writeFileSync(tokens, `${token}\n`)
afterAll(() => rmSync(folder, { recursive: true }))

const issued = new Authority().server({ name: 'flow.test' })
const tls = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') }
writeFileSync(tls.cert, issued.cert)
writeFileSync(tls.key, issued.key)

const flow = new Flow({
  quiet: true,
  host: '127.0.0.1',
  protocol: ['grpc', 'http'],
  auth: { bearer: { file: tokens } },
}).add({ uses: upper, runtime: 'thread' })
beforeAll(() => flow.start())
afterAll(() => flow.close())

/** Each command of the page with the answer that it shows. */
const commands = [...page.matchAll(/^```sh curl\n(.*?)\n```\n+```json\n(.*?)^```$/gms)].map(
  ([, command, answer]) => ({ command: command!, answer: JSON.parse(answer!) as object }),
)

describe.runIf(hasCurl)('docs/security.md', () => {
  it.each(commands)('$command', async ({ command, answer }) => {
    const line = command.replaceAll('localhost:8080', `127.0.0.1:${flow.port}`)
    const env = { ...process.env, TOKEN: token }
    const { stdout } = await promisify(execFile)('sh', ['-ec', line], { env })
    expect(JSON.parse(stdout)).toMatchObject(answer)
  })
})

it('docs/security.md has commands with answers', () => {
  expect(commands).toHaveLength(page.match(/^```sh curl$/gm)!.length)
})

describe.each(['grpc', 'http'] as const)('a Flow with tokens, over %s', (scheme) => {
  const host = (): string => `${scheme}://127.0.0.1:${flow.port}`

  it('answers a client with a token', async () => {
    await using client = new Client({ host: host(), token })
    expect((await client.post('/upper', ['a'])).texts).toEqual(['A'])
    expect(await client.isReady()).toBe(true)
  })

  it('asks a function for the token at each call, and prefers the headers of the call', async () => {
    let current = 'wrong'
    await using client = new Client({ host: host(), token: () => current })
    await expect(client.post('/upper', ['a'])).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    current = token
    expect((await client.post('/upper', ['a'])).texts).toEqual(['A'])
    const headers = { Authorization: 'Bearer wrong' }
    await expect(client.post('/upper', ['a'], { headers })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('refuses a client without one, which is told so, and its dry run', async () => {
    await using client = new Client({ host: host() })
    await expect(client.post('/upper', ['a'])).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      retryable: false,
      notRun: true,
      message: expect.stringContaining('A token is missing'),
    })
    expect(await client.isReady()).toBe(false)
  })

  it('is asked by millrace ping with the token of an environment variable', async () => {
    process.env.PING_TOKEN = token
    const line = new CommandLine()
    try {
      expect(await line.run('ping', 'gateway', host())).toMatchObject({ code: 0 })
      expect(await line.run('ping', 'flow', host())).toMatchObject({ code: 1 })
      expect(await line.run('ping', 'flow', host(), '--token-env', 'PING_TOKEN')).toMatchObject({ code: 0 })
      expect(await line.run('ping', 'flow', host(), '--token-env', 'NO_SUCH')).toMatchObject({ code: 2 })
    } finally {
      delete process.env.PING_TOKEN
      await line.close()
    }
  })
})

it('the own client of a Flow needs no token', async () => {
  expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
})

it('a changed file of tokens is read again', async () => {
  await using client = new Client({ host: `grpc://127.0.0.1:${flow.port}`, token: 'second' })
  await expect(client.post('/upper', ['a'])).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  writeFileSync(tokens, `${token}\nsecond\n`)
  await expect
    .poll(() =>
      client.post('/upper', ['a']).then(
        ({ texts }) => texts,
        () => null,
      ),
    )
    .toEqual(['A'])
})

describe.each(['process', 'thread', 'inline'] as const)('headers of callers, in a %s', (runtime) => {
  const uses = new URL('./fixtures/headers-executor.mjs#Headers', import.meta.url)
  const headers = {
    authorization: 'Bearer x',
    cookie: 'a=b',
    'x-tenant': 'a',
    'x-user': 'b',
    traceparent: '00-1',
  }

  async function seen(options: object, scheme: string): Promise<string> {
    await using running = new Flow({
      quiet: true,
      host: '127.0.0.1',
      protocol: ['grpc', 'http'],
      ...options,
    }).add({ uses, runtime })
    await running.start()
    await using client = new Client({ host: `${scheme}://127.0.0.1:${running.port}`, headers })
    return (await client.post('/headers', ['a'])).texts[0]!
  }

  it.each(['grpc', 'http'])('over %s are seen by Executors, except credentials', async (scheme) => {
    const names = (await seen({}, scheme)).split(' ').filter((name) => name in headers)
    expect(names).toEqual(['traceparent', 'x-tenant', 'x-user'])
  })

  it.each(['grpc', 'http'])('over %s are those that the Flow names, and trace context', async (scheme) => {
    expect(await seen({ headers: ['Authorization', 'x-user'] }, scheme)).toBe(
      'authorization traceparent x-user',
    )
  })
})

describe('a Flow that others may call, or listen to, says so in one line when it starts', () => {
  async function output(options: string): Promise<string> {
    const code = `import { Flow } from 'millrace'
      const flow = new Flow(${options}).add({ name: 'entry' })
      await flow.start()
      await flow.close()`
    const args = ['--input-type=module', '-e', code]
    const env = { ...process.env, TOKENS: 'a' }
    const cwd = path.resolve(import.meta.dirname, '..')
    return (await promisify(execFile)(process.execPath, args, { env, cwd })).stderr
  }

  it.each([
    ["{ host: '0.0.0.0' }", 1],
    ['{}', 1],
    ["{ host: '127.0.0.1' }", 0],
    ["{ auth: { bearer: { env: 'TOKENS' } } }", 1, /Tokens of clients that call port \d+ are not encrypted/],
    ["{ auth: { bearer: { env: 'TOKENS' } }, host: '127.0.0.1' }", 0],
    [`{ tls: ${JSON.stringify(tls)} }`, 1, /Everyone who reaches port \d+ may call this Flow\./],
    [`{ tls: ${JSON.stringify(tls)}, auth: { bearer: { env: 'TOKENS' } } }`, 0],
    [`{ tls: ${JSON.stringify({ ...tls, ca: tls.cert, clientCertificate: 'require' })} }`, 0],
    ['{ quiet: true }', 0],
  ])('%s', async (options, lines, words = /may call this Flow, without encryption/) => {
    const found = (await output(options)).match(/^.*docs\/security\.md.*$/gm) ?? []
    expect(found).toHaveLength(lines)
    for (const line of found) expect(line).toMatch(words)
  })
})

describe('a wrong auth is refused when the Flow is built, and no token is shown', () => {
  it.each([
    [{ bearer: [] }, 'bearer has no token'],
    [{ bearer: [''] }, 'token 1 of bearer is empty'],
    [{ bearer: ['sécret'] }, 'token 1 of bearer has other letters'],
    [{ bearer: { file: 'no-such-secret-file' } }, 'cannot be read'],
    [{ bearer: { verify: './no-such-module.js' } }, 'there is no file'],
    [{ bearer: 'secret' }, 'auth must be null, or'],
    [{ bearer: { env: 'A B' } }, 'auth must be null, or'],
    [{ bearer: ['secret'], open: ['status'] }, 'auth must be null, or'],
    [{ bearer: { env: 'A', file: 'b' } }, 'auth must be null, or'],
    [{}, 'auth must be null, or'],
  ])('%j', (auth, message) => {
    const build = (): unknown => new Flow({ auth: auth as never })
    expect(build).toThrow(message)
    if (JSON.stringify(auth).includes('"secret"')) expect(build).not.toThrow('secret')
  })
})
