import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { type Ended, plainEnvironment, runIn } from './support/project.js'

const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']
/** Machines that test are busy, and compile TypeScript for seconds. */
const patience = { timeout: 60_000 }

const parent = mkdtempSync(path.join(tmpdir(), 'millrace-newcomer-'))
const folder = path.join(parent, 'shop')
// control sockets of its own, so that no other Flow of this machine is found: both are searched
const own = { XDG_RUNTIME_DIR: parent, TMPDIR: parent }
const env = { ...plainEnvironment(), ...own }
let dev: ChildProcess
let output = ''

const millrace = (...args: readonly string[]): Promise<Ended> =>
  runIn(
    folder,
    'env',
    ...Object.entries(own).map(([name, value]) => `${name}=${value}`),
    path.join(folder, 'node_modules/.bin/millrace'),
    ...args,
  )
const printed = (pattern: RegExp): Promise<void> =>
  vi.waitFor(() => expect(output).toMatch(pattern), patience)
const edit = (change: (text: string) => string): void => {
  const file = path.join(folder, 'src/shout.ts')
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

beforeAll(async () => {
  const npx = ['--yes', '--package', inject('tarball'), 'millrace', 'new', 'shop']
  expect(await runIn(parent, 'npx', ...npx)).toMatchObject({ code: 0 })
  // the version of package.json need not be published yet
  expect(await runIn(folder, 'npm', 'install', ...quiet, inject('tarball'))).toMatchObject({ code: 0 })
  const program = path.join(folder, 'node_modules/.bin/millrace')
  dev = spawn(program, ['dev', 'src/flow.ts', '--host', '127.0.0.1'], { cwd: folder, env, stdio: 'pipe' })
  for (const stream of [dev.stdout!, dev.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  await printed(/dev: watching \d+ files/)
})
afterAll(async () => {
  const exited = once(dev, 'exit')
  dev.kill('SIGINT')
  await exited
  rmSync(parent, { recursive: true })
})

it('a newcomer calls what millrace new wrote and millrace dev runs', async () => {
  const { code, output: answer } = await millrace('call', '/shout', 'hello')
  expect(JSON.parse(answer)).toMatchObject({ text: 'hello!' })
  expect(code).toBe(0)
})

it('changes a file, sees a mistake with its line, and corrects it', async () => {
  edit((text) => text.replace('}!`', '}?`)'))
  await printed(/'shout' goes on with its old code[^]*src\/shout\.ts:7/)
  expect((await millrace('call', '/shout', 'hello')).output).toContain('"hello!"')
  edit((text) => text.replace('}?`)', '}?`'))
  await printed(/'shout': 2 replicas replaced/)
  expect((await millrace('call', '/shout', 'hello')).output).toContain('"hello?"')
})

it('measures it', async () => {
  const { code, output: report } = await millrace('bench', '/shout', 'hello', '--requests', '100', '--json')
  expect(JSON.parse(report)).toMatchObject({ answered: 100, failed: 0 })
  expect(code).toBe(0)
})

it('compiles and exports it', async () => {
  expect(await runIn(folder, 'npm', 'run', 'build')).toMatchObject({ code: 0 })
  const exported = await millrace('export', 'kubernetes', 'dist/flow.js', 'kubernetes', '--image', 'shop:1')
  expect(exported).toMatchObject({ code: 0, output: expect.stringContaining('kubernetes/') as string })
})
