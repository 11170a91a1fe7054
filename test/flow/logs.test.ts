import { describe, expect, it } from 'vitest'
import { LoggingFlow } from '../support/logging-flow.js'

interface Entry {
  readonly level: string
  readonly name: string
  readonly message: string
  readonly requestId?: string
  readonly traceId?: string
  readonly own?: string
}

async function entries(options: object, use: (flow: LoggingFlow) => Promise<void>, runtime?: string) {
  const flow = await LoggingFlow.start(options, runtime === undefined ? {} : { runtime })
  await use(flow)
  return (await flow.close()).map((line) => JSON.parse(line) as Entry)
}

describe.each(['process', 'thread', 'inline'])('the log of a Flow with %s pods', (runtime) => {
  const json = { log: { format: 'json' } }

  it('is JSON a line on a pipe, with the pod and the request of each line of a handler', async () => {
    const all = await entries(json, (flow) => flow.send('/say', 20), runtime)
    const said = all.filter(({ message }) => message.startsWith('said '))
    expect(said.map(({ message }) => message).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => `said ${index}`).toSorted(),
    )
    expect(new Set(said.map(({ requestId }) => requestId)).size).toBe(20)
    for (const { requestId, own, name, level } of said) {
      expect(requestId).toBe(own)
      expect(name).toMatch(/^speaker\/rep-[01]$/)
      expect(level).toBe('info')
    }
    expect(all.find(({ message }) => message === 'soft')).toBeUndefined()
  })

  it('has no secrets', async () => {
    const redact = ['card', 'user.email']
    for (const format of ['json', 'text']) {
      const flow = await LoggingFlow.start({ quiet: true, log: { format, redact } }, { runtime })
      await flow.send('/leak')
      const text = (await flow.close()).join('\n')
      expect(text).toContain('called with Bearer [redacted]')
      expect(text).toContain('"card":"[redacted]"')
      expect(text).toContain('"email":"[redacted]"')
      for (const secret of ['abcdef123456', 'a@example.org', '4711']) expect(text).not.toContain(secret)
    }
  })

  it('has the lines from its level on', async () => {
    const use = async (flow: LoggingFlow): Promise<void> => {
      await flow.send('/say')
      await flow.send('/fail')
    }
    const log = { format: 'json' }
    const debug = await entries({ log: { ...log, level: 'debug' } }, use, runtime)
    expect(debug.map(({ message }) => message)).toContain('soft')
    const error = await entries({ accessLog: true, log: { ...log, level: 'error' } }, use, runtime)
    expect(error.filter(({ message }) => message !== 'printed')).toMatchObject([
      {
        level: 'error',
        message: expect.stringContaining('the wheel is broken'),
        requestId: expect.any(String),
      },
    ])
  })
})

it('a level in env is nearer to the pods than that of the Flow', async () => {
  const log = { format: 'json', level: 'silent' }
  const all = await entries({ log, env: { MILLRACE_LOG_LEVEL: 'debug' } }, (flow) => flow.send('/say'))
  expect(all.map(({ message }) => message)).toContain('soft')
})

it('a traced request has the id of its trace in the lines of its handler and in the access log', async () => {
  const options = { quiet: true, accessLog: true, tracing: { port: 9 }, log: { format: 'json' } }
  const all = await entries(options, (flow) => flow.send('/say'))
  const [said] = all.filter(({ message }) => message === 'said 0')
  expect(said!.traceId).toMatch(/^[\da-f]{32}$/)
  expect(all.find(({ message }) => message.startsWith('/say OK'))).toMatchObject({
    requestId: said!.requestId,
    traceId: said!.traceId,
  })
})

it('a quiet Flow says nothing about itself', async () => {
  const flow = await LoggingFlow.start({ quiet: true })
  expect(await flow.close()).toEqual([])
})
