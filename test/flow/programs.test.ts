import { execFile, type PromiseWithChild, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

/** The ways of Node to run a program: what the program got, its pods and its gateway get where they need it. */

const programs = path.resolve(import.meta.dirname, '../fixtures/programs')
const root = path.resolve(import.meta.dirname, '../..')
const main = path.join(programs, 'main.mjs')
const env: NodeJS.ProcessEnv = { ...process.env, PROGRAMS: programs, NODE_OPTIONS: '' }
const folder = mkdtempSync(path.join(mkdirp(path.join(root, 'build')), 'programs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const everywhere = 'process!\nthread!\ninline!\n'

type Output = PromiseWithChild<{ stdout: string; stderr: string }>

function run(args: readonly string[], more: NodeJS.ProcessEnv = {}): Output {
  return promisify(execFile)(process.execPath, args, { cwd: root, env: { ...env, ...more }, timeout: 50_000 })
}

function piped(file: string, args: readonly string[]): Output {
  const output = run(args)
  output.child.stdin?.end(readFileSync(file, 'utf8'))
  return output
}

describe('a Flow comes up in a program', () => {
  it('that is a file, whose replicas chat on the channel between processes', async () => {
    expect((await run([main])).stdout).toBe(everywhere)
  })

  it('that is an argument', async () => {
    const { stdout } = await run(['--input-type=module', '-e', readFileSync(main, 'utf8')])
    expect(stdout).toBe(everywhere)
  })

  it('that is an argument, in CommonJS', async () => {
    expect((await run(['-e', `import(${JSON.stringify(main)})`])).stdout).toBe(everywhere)
  })

  it('on standard input', async () => {
    expect((await piped(main, ['--input-type=module'])).stdout).toBe(everywhere)
  })

  it('with flags that only concern the program', async () => {
    const flags = ['--max-old-space-size=400', '--no-warnings', '--cpu-prof', `--cpu-prof-dir=${folder}`]
    expect((await run([...flags, main])).stdout).toBe(everywhere)
  })

  it('with permissions', async () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission'
    const flags = [flag, '--allow-fs-read=*', '--allow-fs-write=*', '--allow-child-process', '--allow-worker']
    // Node 25 and newer have one for the network, too
    if (process.allowedNodeEnvironmentFlags.has('--allow-net')) flags.push('--allow-net')
    expect((await run([...flags, '--no-warnings', main])).stdout).toBe(everywhere)
  })

  it('not without the permission for threads, and the error says so', async () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission'
    const flags = [flag, '--allow-fs-read=*', '--allow-fs-write=*', '--allow-child-process']
    if (process.allowedNodeEnvironmentFlags.has('--allow-net')) flags.push('--allow-net')
    await expect(run([...flags, main])).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /The gateway's thread could not be started: .*[^]*code: 'START_FAILED'/,
      ) as string,
    })
  })

  it('with modules that NODE_OPTIONS and --import load', async () => {
    const preload = path.join(folder, 'preload.mjs')
    writeFileSync(preload, 'process.env.PRELOADED = "yes"')
    const wants = path.join(folder, 'wants.mjs')
    writeFileSync(
      wants,
      `if (process.env.PRELOADED !== 'yes') throw new Error('not preloaded')\nexport * from ${JSON.stringify(path.join(programs, 'shout.mjs'))}`,
    )
    const own = path.join(folder, 'main.mjs')
    writeFileSync(
      own,
      readFileSync(main, 'utf8').replace('`${folder}/shout.mjs#Shout`', JSON.stringify(`${wants}#Shout`)),
    )
    expect((await run(['--import', preload, own])).stdout).toBe(everywhere)
    expect((await run([own], { NODE_OPTIONS: `--import=${preload}` })).stdout).toBe(everywhere)
  })

  it('in a test file of `node --test`, whose report has nothing of the pods', async () => {
    const args = ['--test', '--test-reporter=tap', path.join(programs, 'tests.mjs')]
    const { stdout } = await run(args, { NODE_TEST_CONTEXT: undefined })
    expect(stdout).toMatch(/^# pass 3$/m)
    expect(stdout).not.toContain('test:enqueue')
  })

  it('that has eleven others already, and nothing warns of a leak', async () => {
    const { stdout, stderr } = await run([path.join(programs, 'many.mjs')])
    expect(stdout).toBe('closed\n')
    expect(stderr).not.toContain('MaxListeners')
  })
})

it('a class of a program that is no file is refused when it is added, with what to do', async () => {
  const own = path.join(programs, 'own-class.mjs')
  for (const { stdout } of [
    await run(['--input-type=module', '-e', readFileSync(own, 'utf8')]),
    await piped(own, ['--input-type=module']),
  ])
    expect(stdout).toMatch(/^INVALID_EXECUTOR .*put the class into a file/)
  expect((await run([own])).stdout).toBe('added\n')
})

it('under --watch a Flow starts again when a file changes that only its replicas load', async () => {
  const module = path.join(folder, 'word.mjs')
  const say = (word: string): void =>
    writeFileSync(
      module,
      `import { Executor } from 'millrace'
export class Word extends Executor {
  static requests = { '/word': 'word' }
  word() { return { word: '${word}' } }
}`,
    )
  say('one')
  const args = ['--watch', path.join(programs, 'watched.mjs')]
  const child = spawn(process.execPath, args, { cwd: root, env: { ...env, UNDER_TEST: module } })
  const words: string[] = []
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, word] = /^word (.*)$/.exec(line) ?? []
      if (word === undefined) continue
      words.push(word)
      if (word === 'two') break
      say('two')
    }
  } finally {
    child.kill()
  }
  expect(words).toEqual(['one', 'two'])
})

function mkdirp(name: string): string {
  mkdirSync(name, { recursive: true })
  return name
}
