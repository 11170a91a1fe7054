import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const page = readFileSync(new URL('../docs/http.md', import.meta.url), 'utf8')
const upper = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
const hasCurl = spawnSync('curl', ['--version']).status === 0

/** The module of the page. */
const folder = mkdtempSync(path.join(tmpdir(), 'millrace-http-page-'))
const routes = path.join(folder, 'routes.mjs')
writeFileSync(routes, /^```js\n\/\/ routes\.js\n(.*?)^```$/ms.exec(page)![1]!)
afterAll(() => rmSync(folder, { recursive: true }))

/** Each command with the answer that the page shows. */
const commands = [...page.matchAll(/^```sh curl\n(.*?)\n```\n+```json\n(.*?)^```$/gms)].map(
  ([, command, answer]) => ({ command: command!, answer: JSON.parse(answer!) as object }),
)

/** Each command whose answer is a stream, with its documents shortened to `{"text":…}`. */
const streams = [...page.matchAll(/^```sh curl stream\n(.*?)\n```\n+```text\n(.*?)^```$/gms)].map(
  ([, command, answer]) => ({ command: command!, answer: answer! }),
)

describe.runIf(hasCurl)('docs/http.md', () => {
  const flow = new Flow({
    quiet: true,
    host: '127.0.0.1',
    protocol: ['grpc', 'http'],
    http: { routes },
  }).add({
    uses: upper,
    runtime: 'thread',
  })
  beforeAll(() => flow.start())
  afterAll(() => flow.close())

  it.each(commands)('$command', async ({ command, answer }) => {
    expect(JSON.parse(await outputOf(command))).toMatchObject(answer)
  })

  it.each(streams)('$command', async ({ command, answer }) => {
    const output = (await outputOf(command)).replaceAll('\r', '')
    const shortened = output.replaceAll(/\{.*?("text":".*?").*\}/g, '{…,$1,…}')
    expect(shortened.trim()).toBe(answer.trim())
  })

  async function outputOf(command: string): Promise<string> {
    const line = command.replaceAll('localhost:8080', `127.0.0.1:${flow.port}`)
    return (await promisify(execFile)('sh', ['-ec', line])).stdout
  }
})

it('docs/http.md has commands with answers', () => {
  expect(commands).toHaveLength(page.match(/^```sh curl$/gm)!.length)
  expect(streams).toHaveLength(page.match(/^```sh curl stream$/gm)!.length)
})
