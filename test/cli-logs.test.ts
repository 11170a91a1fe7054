import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CommandLine } from './support/command-line.js'
import { LoggingFlow } from './support/logging-flow.js'
import { commandLine as program } from './support/servers.js'

let commandLine: CommandLine
let flow: LoggingFlow
beforeEach(async () => {
  commandLine = new CommandLine()
  flow = await LoggingFlow.start({ quiet: true }, { env: commandLine.env })
  await vi.waitFor(() => expect(commandLine.sockets).toHaveLength(1), { timeout: 30_000 })
})
afterEach(async () => {
  await flow.close()
  await commandLine.close()
})

async function shown(...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await commandLine.run('logs', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.split('\n').filter((line) => line !== '')
}

function start(...args: readonly string[]): { child: ChildProcess; text: () => string } {
  const child = spawn(process.execPath, [program, 'logs', ...args], { env: commandLine.env, stdio: 'pipe' })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream!.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  return { child, text: () => text }
}

/** Waits until a command that has to start first has printed this. */
async function until(text: () => string, wanted: string): Promise<void> {
  await vi.waitFor(() => expect(text()).toContain(wanted), { timeout: 30_000 })
}

describe('millrace logs', () => {
  it('shows what pods have printed and logged, of one stage, shard or pod, and the last lines', async () => {
    await flow.send('/say', 2)
    await flow.send('/say', 1, 'parts')
    const all = await shown()
    expect(all.filter((line) => /^speaker\/rep-[01]@\d+: printed$/.test(line))).toHaveLength(2)
    expect(
      all.filter((line) => /^speaker\/rep-[01]@\d+\[I\]: said \d \{.*"requestId":"/.test(line)),
    ).toHaveLength(2)
    expect(await shown('parts')).toHaveLength(4)
    const shard = await shown('parts/shard-1')
    expect(shard).toHaveLength(2)
    expect(shard.every((line) => line.startsWith('parts/shard-1/rep-0@'))).toBe(true)
    expect(await shown('parts/shard-1/rep-0')).toEqual(shard)
    expect(await shown('-n', '3')).toEqual(all.slice(-3))
    expect(await shown('gateway')).toEqual([])
  })

  it('shows JSON, and times', async () => {
    await flow.send('/say')
    const entries = (await shown('speaker', '--json')).map((line) => JSON.parse(line) as { message: string })
    expect(entries.map(({ message }) => message)).toEqual(['said 0', 'printed'])
    for (const line of await shown('--time')) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z speaker/)
  })

  it('keeps the lines of a pod that has died, and those of its successor', async () => {
    await flow.send('/die')
    const lines = await shown('speaker')
    expect(lines.filter((line) => line.includes('the end is near'))).not.toEqual([])
    expect((await shown('gateway')).some((line) => /speaker\/rep-[01] .*exited with code 3/.test(line))).toBe(
      true,
    )
  })

  it('follows until the Flow closes', async () => {
    await flow.send('/say')
    const { child, text } = start('-f', 'speaker')
    await until(text, 'said 0')
    await flow.send('/say', 3)
    await until(text, 'said 2')
    const ended = once(child, 'close')
    await flow.close()
    expect(await ended).toEqual([0, null])
  })

  it('fails when the Flow is killed meanwhile', async () => {
    await flow.send('/say')
    const { child, text } = start('--follow')
    await until(text, 'said 0')
    const ended = once(child, 'close')
    flow.child.kill('SIGKILL')
    expect(await ended).toEqual([1, null])
    expect(text()).toMatch(/millrace: The Flow at .* does not answer: it ended\.\n$/)
  })

  it('refuses what no pod is named, and a wrong command line', async () => {
    const refusals = [
      [['speeker'], 1, `There is no stage "speeker". Did you mean 'speaker'?`],
      [['speaker/shard-1'], 1, `Pods of stage 'speaker' are named as in 'speaker/rep-0'.`],
      [['parts/rep-0'], 1, `named as in 'parts/shard-0' or 'parts/shard-0/rep-0'.`],
      [['--lines', 'x'], 2, `--lines must be a whole number, not 'x'.`],
      [['a', 'b'], 2, `'b' is one argument too many.`],
    ] as const
    for (const [args, code, message] of refusals) {
      const ended = await commandLine.run('logs', ...args)
      expect(ended).toMatchObject({ code, stdout: '' })
      expect(ended.stderr).toContain(message)
    }
  })
})
