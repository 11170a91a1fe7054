import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const page = readFileSync(new URL('../docs/http.md', import.meta.url), 'utf8')
const upper = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
const hasCurl = spawnSync('curl', ['--version']).status === 0

/** Each command with the answer that the page shows. */
const commands = [...page.matchAll(/^```sh curl\n(.*?)\n```\n+```json\n(.*?)^```$/gms)].map(
  ([, command, answer]) => ({ command: command!, answer: JSON.parse(answer!) as object }),
)

describe.runIf(hasCurl)('docs/http.md', () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] }).add({
    uses: upper,
    runtime: 'thread',
  })
  beforeAll(() => flow.start())
  afterAll(() => flow.close())

  it.each(commands)('$command', async ({ command, answer }) => {
    const line = command.replaceAll('localhost:8080', `127.0.0.1:${flow.port}`)
    const { stdout } = await promisify(execFile)('sh', ['-ec', line])
    expect(JSON.parse(stdout)).toMatchObject(answer)
  })
})

it('docs/http.md has commands with answers', () => {
  expect(commands).toHaveLength(page.match(/^```sh curl$/gm)!.length)
})
