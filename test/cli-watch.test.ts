import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { CommandLine } from './support/command-line.js'
import { commandLine as program } from './support/servers.js'

const commandLine = new CommandLine()
beforeAll(() => commandLine.start('shop'))
afterAll(() => commandLine.close())

/** Runs a program until its output fits; then `end` ends it. Resolves with the output and the exit code. */
async function until(child: ChildProcess, fits: RegExp, end: () => unknown) {
  let output = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text))
  const exited = once(child, 'exit')
  await vi.waitFor(() => expect(output).toMatch(fits), { timeout: 30_000 })
  end()
  const [code] = (await exited) as [number | null]
  return { code, output }
}

const start = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [program, ...args], { env: commandLine.env, stdio: 'pipe' })

it('ps --watch prints one table after the other where no terminal is', async () => {
  const child = start('ps', '--watch', '--interval', '100')
  const { code, output } = await until(child, /shop {2}pid[^]*\n\nshop {2}pid/, () => child.kill('SIGINT'))
  expect(code).toBe(0)
  expect(output).not.toContain('\u001b')
})

it('ps --watch --json prints one line for each look', async () => {
  const child = start('ps', '--watch', '--json', '--interval', '100')
  const { code, output } = await until(child, /\n[^]*\n/, () => child.kill('SIGTERM'))
  expect(code).toBe(0)
  const [first] = output.split('\n').filter((line) => line !== '')
  expect(JSON.parse(first!)).toMatchObject([{ name: 'shop' }])
})

it('top shows rates from the second look on', async () => {
  const child = start('top', '--interval', '100')
  const rates = /slow_executor\/rep-\d +ready +\d+\.\d +\d+\.\d/
  const { code, output } = await until(child, rates, () => child.kill('SIGINT'))
  expect(code).toBe(0)
  expect(output).toMatch(/REQUESTS\/S {2}FAILED\/S/)
})

const hasScript = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
})()

it.runIf(hasScript)('top takes the place of the last table on a terminal, until q', async () => {
  const command = [process.execPath, program, 'top', '--interval', '100'].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: commandLine.env, stdio: 'pipe' })
  const { code, output } = await until(child, /\u001b\[H[^]*\u001b\[H[^]*\u001b\[J/, () =>
    child.stdin!.write('q'),
  )
  expect(code).toBe(0)
  expect(output).toContain('\u001b[?1049h')
  expect(output).toContain('\u001b[?1049l')
})
