import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('../fixtures/logged.mjs', import.meta.url))

async function run(runtime: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, [program, runtime], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return text(child.stderr)
}

interface Line {
  readonly time: string
  readonly level: string
  readonly name: string
  readonly pid: number
  readonly message: string
  readonly error?: { readonly stack: string; readonly cause: { readonly message: string } }
}

describe.each(['process', 'thread'])('the log of a Flow with %s pods', (runtime) => {
  it('is JSON in every line with MILLRACE_LOG=json', async () => {
    const output = await run(runtime, { MILLRACE_LOG: 'json' })
    const lines = output.trimEnd().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as Line)
    for (const { time, level, name, pid } of entries) {
      expect(Date.parse(time)).toBeGreaterThan(0)
      expect(level).toMatch(/^(info|warn|error)$/)
      expect([typeof name, typeof pid]).toEqual(['string', 'number'])
    }
    const messages = entries.map(({ message }) => message)
    expect(messages).toContain('🎉 Flow is ready to use!')
    expect(messages.filter((message) => message === 'printed by the executor')).toHaveLength(3)
    expect(messages.filter((message) => message === 'logged by the executor')).toHaveLength(3)
    expect(messages.some((message) => message.startsWith('SIGTERM'))).toBe(true)
  })

  it('has a failure once, not once per shard, with stack and cause; an error of the caller is a warning', async () => {
    const output = await run(runtime, { MILLRACE_LOG: 'json' })
    const entries = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const failures = entries.filter(({ message }) => message.includes('the wheel is broken'))
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({ level: 'error', error: { cause: { message: 'no axle' } } })
    expect(failures[0]!.error!.stack).toContain('logged.mjs')
    const mistakes = entries.filter(({ message }) => message.includes('limit must be a number'))
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]).toMatchObject({ level: 'warn' })
    expect(mistakes[0]).not.toHaveProperty('error')
  })

  it('in plain text has a stack below its line, and times if requested', async () => {
    const output = await run(runtime, { MILLRACE_LOG: 'line', MILLRACE_LOG_TIME: '1' })
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
    expect(output).toMatch(new RegExp(`^${time} talk@\\d+\\[I\\]: 🎉 Flow is ready to use!$`, 'm'))
    expect(output).toMatch(new RegExp(`^${time} shy/shard-0/rep-0@\\d+: printed by the executor$`, 'm'))
    expect(output).toMatch(
      new RegExp(`^${time} shy/shard-\\d/rep-0@\\d+\\[E\\]: shy failed: Error: the wheel is broken \\{`, 'm'),
    )
    expect(output).toMatch(/^Error: the wheel is broken\n +at .*logged\.mjs/m)
    expect(output).toMatch(/\[cause\]: TypeError: no axle/)
    expect(output.match(/\[E\]/g)).toHaveLength(1)
  })
})
