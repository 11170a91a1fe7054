import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('../fixtures/access-logged.mjs', import.meta.url))

interface Try {
  readonly pod: string
  readonly code: string
  readonly queueMs?: number
  readonly handlerMs?: number
}

interface Line {
  readonly message: string
  readonly level: string
  readonly endpoint: string
  readonly stages: readonly { readonly stage: string; readonly tries: readonly Try[] }[]
}

async function run(runtime: string, format: string): Promise<readonly string[]> {
  const env = { ...process.env, MILLRACE_LOG: format }
  const { stderr } = await promisify(execFile)(process.execPath, [program, runtime], { env })
  return stderr.split('\n').filter((line) => line.includes('"bytesIn"'))
}

describe.each(['process', 'thread'])('the access log of a Flow with %s pods', (runtime) => {
  it('has a record of each request', async () => {
    const lines = (await run(runtime, 'json')).map((line) => JSON.parse(line) as Line)
    const of = (endpoint: string): Line[] => lines.filter((line) => line.endpoint === endpoint)
    const triesOf = (endpoint: string): string[][] =>
      of(endpoint).map(({ stages }) => stages.flatMap(({ tries }) => tries.map(({ code }) => code)))
    expect(lines).toHaveLength(6)

    expect(of('/upper')).toMatchObject([
      { level: 'info', message: /^\/upper OK/, protocol: 'local', documentsIn: 2, documentsOut: 2 },
    ])
    const [upper] = of('/upper')
    expect(upper!.stages.map(({ stage }) => stage)).toEqual(['moody', 'hedged', 'parts'])
    expect(upper!.stages[2]!.tries.map(({ pod }) => pod).sort()).toEqual([
      'parts/shard-0/rep-0',
      'parts/shard-1/rep-0',
    ])

    // a slow replica of the stage `hedged` is asked beside the other one, and the try that is cancelled has no times
    const tries = upper!.stages.flatMap(({ tries }) => tries).filter(({ code }) => code === 'OK')
    expect(tries).toHaveLength(4)
    for (const { queueMs, handlerMs } of tries) {
      expect(queueMs).toBeGreaterThanOrEqual(0)
      expect(handlerMs).toBeGreaterThanOrEqual(0)
    }

    expect(of('/fail')).toMatchObject([
      { level: 'warn', code: 'EXECUTOR_FAILED', error: expect.stringContaining('the wheel is broken') },
    ])
    expect(triesOf('/fail')).toEqual([['EXECUTOR_FAILED']])

    // either replica may be tried first; rep-0 never answers
    expect(triesOf('/slow').map((codes) => codes.sort())).toContainEqual(['CANCELLED', 'OK'])
    expect(triesOf('/die').sort()).toEqual([['OK'], ['UNAVAILABLE', 'OK']])
  })
})

it('is one line per request in plain text, too', async () => {
  const [first] = await run('thread', 'line')
  expect(first).toMatch(
    /^flow@\d+\[I\]: \/upper OK [\d.]+ ms \{"time":"[^"]+","requestId":"\w{32}","endpoint":"\/upper"/,
  )
})
