import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'millrace'
import { expect, it, onTestFinished, vi } from 'vitest'
import { commandLine as program } from './support/servers.js'

const root = path.resolve(import.meta.dirname, '..')

const executor = (name: string, imports = ''): string => `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Executor } from 'millrace'
${imports}
export class ${name} extends Executor {
  static module = import.meta.url
  static requests = { '/default': 'run', '/wait': 'wait' }
  run(docs) {
    for (const doc of docs) doc.text += ' ' + ${imports === '' ? `'${name}'` : 'word'} + ' ' + process.pid
  }
  async wait(docs) {
    writeFileSync('begun', '')
    while (!existsSync('go')) await setTimeout(10)
    this.run(docs)
  }
}
`
const yaml = (replicas: number): string => `jtype: Flow
with: { host: 127.0.0.1, control: false }
executors:
  - { name: first, uses: first.js#First, replicas: ${replicas} }
  - { name: second, uses: second.js#Second }
`
const files = {
  'package.json': '{ "type": "module" }',
  'word.js': "export const word = 'one'",
  'first.js': executor('First', "import { word } from './word.js'"),
  'second.js': executor('Second'),
  'flow.yml': yaml(2),
}

/** `millrace dev` in a project of its own. */
class Dev {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'm-dev-'))
  output = ''
  readonly child: ChildProcess

  constructor(changes: Readonly<Record<string, string>> = {}) {
    mkdirSync(path.join(this.folder, 'node_modules'))
    symlinkSync(root, path.join(this.folder, 'node_modules/millrace'))
    for (const [name, text] of Object.entries({ ...files, ...changes })) this.save(name, text)
    this.child = spawn(process.execPath, [program, 'dev'], { cwd: this.folder, stdio: 'pipe' })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    onTestFinished(async () => void (await this.close()))
  }

  save(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text)
  }

  /** Waits until it has printed this so many times. */
  async printed(pattern: RegExp, times = 1): Promise<void> {
    const all = new RegExp(pattern, 'g')
    await vi.waitFor(() => expect(this.output.match(all)?.length ?? 0, this.output).toBe(times), {
      timeout: 50_000,
    })
  }

  get port(): number {
    return Number(/Local access:\D+127\.0\.0\.1:(\d+)/.exec(this.output)?.[1])
  }

  /** Words and process ids that a document got, in order. */
  async call(endpoint = '/'): Promise<{ readonly words: string; readonly pids: readonly string[] }> {
    await using client = new Client({ host: `grpc://127.0.0.1:${this.port}` })
    const [answer] = await client.post(endpoint, [{ text: '' }])
    const [first, firstPid, second, secondPid] = answer!.text.trim().split(' ')
    return { words: `${first} ${second}`, pids: [firstPid!, secondPid!] }
  }

  /** Interrupts it; resolves with its exit code. */
  async close(): Promise<number | null> {
    if (this.child.exitCode === null) {
      const exited = once(this.child, 'exit')
      this.child.kill('SIGINT')
      await exited
    }
    rmSync(this.folder, { recursive: true, force: true })
    return this.child.exitCode
  }
}

it('replaces only the replicas of a stage whose file changes, while its requests finish', async () => {
  const dev = new Dev()
  await dev.printed(/dev: watching 4 files/)
  const before = await dev.call()
  expect(before.words).toBe('one Second')
  const waiting = dev.call('/wait')
  await vi.waitFor(() => expect(existsSync(path.join(dev.folder, 'begun'))).toBe(true), { timeout: 20_000 })
  dev.save('word.js', "export const word = 'two'")
  const changed = await vi.waitFor(
    async () => {
      const answer = await dev.call()
      expect(answer.words).toBe('two Second')
      return answer
    },
    { timeout: 50_000 },
  )
  expect(changed.pids[1]).toBe(before.pids[1])
  dev.save('go', '')
  expect(await waiting).toMatchObject({ words: 'one Second', pids: [expect.anything(), before.pids[1]] })
  await dev.printed(/dev: 'first': 2 replicas replaced/)
  expect(dev.output).not.toContain("'second':")
  expect(await dev.close()).toBe(0)
})

it('says where a syntax error is, while the old code serves, and goes on with the next good save', async () => {
  const dev = new Dev()
  await dev.printed(/dev: watching/)
  const before = await dev.call()
  dev.save('word.js', "\nexport const word = = 'two'")
  await dev.printed(/dev: 'first' goes on with its old code/)
  expect(dev.output).toMatch(/word\.js:2\nexport const word = = 'two'/)
  expect((await dev.call()).words).toBe('one Second')
  dev.save('word.js', "export const word = 'three'")
  await dev.printed(/dev: 'first': 2 replicas replaced/)
  const after = await dev.call()
  expect(after).toMatchObject({ words: 'three Second', pids: [expect.anything(), before.pids[1]] })
})

it('starts the Flow anew on the same port when its own file changes, unless that has an error', async () => {
  const dev = new Dev()
  await dev.printed(/dev: watching/)
  const { port } = dev
  const before = await dev.call()
  dev.save('flow.yml', yaml(1).replace('Flow', 'Flw'))
  await dev.printed(/dev: the Flow goes on as it was/)
  expect(dev.output).toMatch(/flow\.yml:1:8: jtype must be Flow/)
  expect((await dev.call()).pids[1]).toBe(before.pids[1])
  dev.save('flow.yml', yaml(1))
  await dev.printed(/dev: watching/, 2)
  expect(dev.output.match(/127\.0\.0\.1:\d+/g)).toEqual([`127.0.0.1:${port}`, `127.0.0.1:${port}`])
  expect((await dev.call()).pids).not.toContain(before.pids[1])
})

it('waits for a good save when the Flow cannot start at first', async () => {
  const dev = new Dev({ 'word.js': 'export const wrod = 1' })
  await dev.printed(/does not provide an export named 'word'/)
  dev.save('word.js', "export const word = 'one'")
  await dev.printed(/dev: watching/)
  expect((await dev.call()).words).toBe('one Second')
  expect(await dev.close()).toBe(0)
})
