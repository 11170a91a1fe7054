import { once } from 'node:events'
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { Document, Flow } from 'millrace'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CommandLine } from './support/command-line.js'

let commandLine: CommandLine
beforeEach(() => {
  commandLine = new CommandLine()
})
afterEach(() => commandLine.close())

interface Listed {
  readonly name: string
  readonly pid: number
  readonly stages: readonly { readonly name: string; readonly replicas: number; readonly ready: number }[]
}

async function listed(...args: readonly string[]): Promise<readonly Listed[]> {
  const { stdout } = await commandLine.run('ps', '--json', ...args)
  return JSON.parse(stdout) as readonly Listed[]
}

describe('millrace', () => {
  it('shows and scales the one Flow that runs', async () => {
    const child = await commandLine.start('shop')
    const shown = await commandLine.run('ps')
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toMatch(new RegExp(`^shop +pid ${child.pid} +port \\d+\n`))
    expect(shown.stdout).toMatch(/\nfast_executor +passes through\nslow_executor +2 of 2 ready\n/)
    expect(await commandLine.run('scale', 'slow_executor', '3')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^slow_executor: 2 → 3 in \d+\.\d\d s\n$/),
    })
    const [flow] = await listed()
    expect(flow).toMatchObject({ name: 'shop', pid: child.pid })
    expect(flow!.stages).toMatchObject([
      { name: 'fast_executor' },
      { name: 'slow_executor', replicas: 3, ready: 3 },
    ])
  })

  it('suggests the nearest stage, the range of replicas and the nearest Flow', async () => {
    await commandLine.start('shop')
    const refusals = [
      [['scale', 'slow_exector', '3'], "There is no stage 'slow_exector'. Did you mean 'slow_executor'?"],
      [['scale', 'slow_executor', '0'], 'from 1 to 1024, not 0'],
      [['scale', 'fast_executor', '2'], 'no replicas of its own'],
      [['scale', 'slow_executor', '3', '--flow', 'shpo'], "Did you mean 'shop'?"],
      [['ps', '--flow', 'x'], "No Flow 'x' runs. There runs: shop (pid "],
    ] as const
    for (const [args, complaint] of refusals) {
      const { code, stdout, stderr } = await commandLine.run(...args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^millrace: .*\n$/)
      expect(stderr).toContain(complaint)
    }
  })

  it('asks for a Flow when several run, by name, process id or path', async () => {
    const one = await commandLine.start('shop', 'search')
    const other = await commandLine.start('shop')
    const { code, stderr } = await commandLine.run('scale', 'slow_executor', '1')
    expect(code).toBe(1)
    const twin = path.join(commandLine.socketFolder, `shop-${one.pid}.sock`)
    for (const choice of [`search (pid ${one.pid})`, twin, `shop (pid ${other.pid})`]) {
      expect(stderr).toContain(choice)
    }
    expect((await listed()).map((flow) => flow.name)).toEqual(['search', 'shop', 'shop'])
    expect(await listed('--flow', 'search')).toMatchObject([{ name: 'search', pid: one.pid }])
    expect(await listed('--flow', String(other.pid))).toMatchObject([{ name: 'shop', pid: other.pid }])
    expect(await listed('--flow', twin)).toMatchObject([{ name: 'shop', pid: one.pid }])
    expect(await commandLine.run('scale', 'slow_executor', '1', '--flow', twin)).toMatchObject({ code: 0 })
  })

  it('shows nothing when no Flow runs', async () => {
    expect(await commandLine.run('ps')).toMatchObject({
      code: 0,
      stdout: 'No Flow of this user runs on this machine.\n',
    })
    expect(await listed()).toEqual([])
    expect(await commandLine.run('scale', 'a', '1')).toMatchObject({ code: 1 })
  })
})

describe('the control socket', () => {
  it('is accessible to its user only, and is removed with the Flow', async () => {
    const child = await commandLine.start('shop')
    expect(commandLine.sockets).toEqual([`shop-${child.pid}.sock`])
    expect(statSync(commandLine.socketFolder).mode & 0o777).toBe(0o700)
    expect(statSync(path.join(commandLine.socketFolder, commandLine.sockets[0]!)).mode & 0o777).toBe(0o600)
    await commandLine.stop(child)
    expect(commandLine.sockets).toEqual([])
  })

  it('of a killed program is removed by the next listing', async () => {
    const child = await commandLine.start('shop')
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    expect(commandLine.sockets).toHaveLength(1)
    expect(await listed()).toEqual([])
    expect(commandLine.sockets).toEqual([])
  })
})

describe('a Flow', () => {
  const uses = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
  const options = { quiet: true, host: '127.0.0.1', name: 'shop' }

  beforeEach(() => {
    vi.stubEnv('XDG_RUNTIME_DIR', commandLine.env.XDG_RUNTIME_DIR)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  it('can be controlled while it runs, and again after a restart', async () => {
    const flow = new Flow(options).add({ name: 'upper', uses, runtime: 'thread' })
    for (let attempt = 0; attempt < 2; attempt++) {
      await flow.start()
      await expect.poll(() => commandLine.sockets).toEqual([`shop-${process.pid}.sock`])
      await flow.close()
      expect(commandLine.sockets).toEqual([])
    }
  })

  it('has no control socket when control is false', async () => {
    await using running = await new Flow({ ...options, control: false })
      .add({ name: 'upper', uses, runtime: 'inline' })
      .start()
    expect((await running.post('/upper', [new Document({ text: 'a' })])).texts).toEqual(['A'])
    expect(commandLine.sockets).toEqual([])
  })

  it.each([
    ['is a link', () => symlinkSync('/tmp', commandLine.socketFolder)],
    [
      'others may enter',
      () => {
        mkdirSync(commandLine.socketFolder)
        chmodSync(commandLine.socketFolder, 0o777)
      },
    ],
  ])('runs without a socket, and says so, when the folder %s', async (_, prepare) => {
    prepare()
    const lines: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
    await using running = await new Flow(options).add({ name: 'upper', uses, runtime: 'inline' }).start()
    await expect.poll(() => lines.join('')).toMatch(/shop@\d+\[W\]: .*millrace ps.*must be/)
    expect((await running.post('/upper', [new Document({ text: 'a' })])).texts).toEqual(['A'])
  })
})
