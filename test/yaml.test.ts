import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const main = path.join(root, 'dist', 'cli', 'main.js')

const starting = path.join(root, 'test', 'fixtures', 'starts-flow.ts')

const files = {
  'encoder/executor.js': `
import { Executor } from 'millrace'

export class Prefix extends Executor {
  static requests = { '/encode': 'encode' }
  #options

  constructor(options) {
    super(options)
    this.#options = options
  }

  encode(docs) {
    docs.texts = docs.texts.map((text) => this.#options.prefix + text + this.#options.suffix)
  }

  answer(docs) {
    docs.texts = docs.texts.map(() => this.metas.name)
  }
}
`,
  'encoder/config.yml': `
jtype: Prefix
with:
  prefix: '>'
  suffix: \${{ CONTEXT.suffix }}
metas:
  name: coder
  py_modules:
    - executor.js
requests:
  /name: answer
`,
  'flow.yml': `
jtype: Flow
version: '1'
with:
  host: 127.0.0.1
  port: \${{ ENV.SHOP_PORT }}
  monitoring: false
executors:
  - name: entry
  - name: encoder
    uses: encoder/config.yml
    uses_with:
      prefix: '\${{this.mark}}\${{this.mark}}'
      mark: '*'
    replicas: 2
    timeout_ready: 60000
`,
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-flow-'))
  mkdirSync(path.join(folder, 'encoder'))
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(root, path.join(folder, 'node_modules', 'millrace'))
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly port: number
  output(): string
}

async function start(...args: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [main, 'flow', ...args], {
    cwd: folder,
    env: { ...process.env, SHOP_PORT: '0', XDG_RUNTIME_DIR: folder },
    stdio: 'pipe',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  await vi.waitFor(() => expect(output).toMatch(/ready to use!/), { timeout: 25_000 })
  return { child, port: Number(/Local access:.*:(\d+)/.exec(output)?.[1]), output: () => output }
}

describe('millrace flow', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('serves a YAML file until %s', async (signal) => {
    const { child, port, output } = await start('flow.yml', '--context', 'suffix=!')
    const client = new Client({ host: `grpc://127.0.0.1:${port}` })
    try {
      const results = await client.post('/encode', [{ text: 'a' }, { text: 'b' }])
      expect(results.texts).toEqual(['**a!', '**b!'])
      expect((await client.post('/name', [{ text: '' }])).texts).toEqual(['coder'])
    } finally {
      await client.close()
      child.kill(signal)
    }
    expect(await once(child, 'exit'), output()).toEqual([0, null])
    expect(output()).toContain('finishing what is under way')
    expect(output()).not.toMatch(/\[W\]/)
  })

  it('serves the Flow that a TypeScript program starts, with the options of the command line', async () => {
    const { child, port, output } = await start(starting, '--port', '0', '--name', 'other')
    const client = new Client({ host: `grpc://127.0.0.1:${port}` })
    try {
      expect((await client.post('/encode', [{ text: 'a' }])).texts).toEqual(['a'])
    } finally {
      await client.close()
      child.kill('SIGTERM')
    }
    expect(await once(child, 'exit'), output()).toEqual([0, null])
    expect(output()).toMatch(/^other@/)
    expect(output()).not.toContain('the Flow was started')
  })

  it('serves an Executor of an installed package', async () => {
    writeFileSync(
      path.join(folder, 'index.yml'),
      'jtype: Flow\nwith: {port: 0, workspace: data}\nexecutors:\n  - {uses: millrace/indexer#VectorIndexer}\n',
    )
    const { child, port, output } = await start('index.yml')
    const client = new Client({ host: `grpc://127.0.0.1:${port}` })
    try {
      await client.post('/index', [{ id: 'a', embedding: [1, 0] }])
      const [found] = await client.post('/search', [{ embedding: [1, 0] }])
      expect(found?.matches.at(0)?.id).toBe('a')
    } finally {
      await client.close()
      child.kill('SIGTERM')
    }
    expect(await once(child, 'exit'), output()).toEqual([0, null])
  })

  it('reports an error in a file in one line, with its position', async () => {
    writeFileSync(path.join(folder, 'wrong.yml'), 'jtype: Flow\nexecutors:\n  - replicas: some\n')
    const ended = promisify(execFile)(process.execPath, [main, 'flow', 'wrong.yml'], { cwd: folder })
    await expect(ended).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^millrace: wrong\.yml:3:15: stage: replicas must be .*, not "some"\.\n$/,
      ) as string,
    })
  })
})

describe('a program', () => {
  it('does not load the parser before it reads YAML', async () => {
    const program = `
      import { createRequire } from 'node:module'
      import { Flow } from 'millrace'
      const { cache } = createRequire(import.meta.url)
      const loaded = () => Object.keys(cache).some((file) => /node_modules.yaml/.test(file))
      const uses = './encoder/executor.js'
      new Flow().add({ uses })
      const before = loaded()
      await Flow.loadConfig('jtype: Flow\\nexecutors: []')
      console.log(before, loaded())`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
    })
    expect(stdout).toBe('false true\n')
  })

  it('finds the class of inline YAML among several modules', async () => {
    const module = path.join(folder, 'encoder', 'executor.js')
    const other = path.join(folder, 'other.js')
    writeFileSync(other, 'export const nothing = 1\n')
    for (const modules of [
      [other, module],
      [module, other],
    ]) {
      const uses = { jtype: 'Prefix', with: { prefix: '-', suffix: 'b' }, py_modules: modules }
      const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({
        uses,
        usesWith: { suffix: '+' },
        runtime: 'thread',
      })
      await flow.start()
      try {
        expect((await flow.post('/encode', [{ text: 'a' }])).texts).toEqual(['-a+'])
      } finally {
        await flow.close()
      }
    }
  })

  it('loads a Flow, changes it, saves it, and runs the saved Flow', async () => {
    vi.stubEnv('SHOP_PORT', '0')
    const options = { context: { suffix: '?' }, usesWith: { port: 0, quiet: true } }
    const loaded = await Flow.loadConfig(path.join(folder, 'flow.yml'), options)
    const saved = path.join(folder, 'saved.yml')
    await loaded.add({ name: 'last' }).saveConfig(saved)
    const flow = await Flow.loadConfig(saved)
    expect(flow.stages).toEqual(['entry', 'encoder', 'last'])
    await flow.start()
    try {
      expect((await flow.post('/encode', [{ text: 'a' }])).texts).toEqual(['**a?'])
    } finally {
      await flow.close()
    }
  })
})
