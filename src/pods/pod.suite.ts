import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Call } from '../call/call.js'
import { Scope } from '../call/scope.js'
import type { MillraceError } from '../errors.js'
import type { ExecutorClass } from '../executor/executor.js'
import { deferred } from '../lib/deferred.js'
import type { dial } from '../transport/index.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'
import type { PodKind, startPod } from './index.js'
import type { Pod, PodSpec } from './pod.js'

/** The built package (pods run built modules) and the executors to run. */
export interface PodsUnderTest {
  readonly startPod: typeof startPod
  readonly dial: typeof dial
  readonly DataRequest: typeof DataRequest
  readonly executors: Readonly<Record<string, ExecutorClass>>
  readonly podSpec: (className: string | null, parts?: PodSpecParts) => PodSpec
  /** Cases that this kind does not support, with the reason. */
  readonly unsupported?: Readonly<Record<string, string>>
}

export interface PodSpecParts extends Partial<Omit<PodSpec, 'executor'>> {
  readonly executor?: Partial<PodSpec['executor']>
}

function call(): Call {
  return new Scope(Number.POSITIVE_INFINITY, {})
}

/** The contract of every kind of pod. */
export function podSuite(kind: PodKind, under: PodsUnderTest): void {
  const { podSpec, executors, unsupported = {} } = under
  const folder = mkdtempSync(join(tmpdir(), 'pods-test-'))
  const pods: Pod[] = []
  const channels: Channel[] = []
  const lines: string[] = []
  let wanted = { text: '', seen: deferred() }

  const onLine = (line: string): void => {
    lines.push(line)
    if (wanted.text !== '' && line.includes(wanted.text)) wanted.seen.resolve()
  }
  const lineWith = (text: string): Promise<void> => {
    wanted = { text, seen: deferred() }
    return wanted.seen.promise
  }
  const start = async (
    className: string | null,
    parts?: PodSpecParts,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Pod> => {
    const executorClass = className === null ? undefined : executors[className]
    const options = executorClass === undefined ? { signal, onLine } : { signal, onLine, executorClass }
    const pod = await under.startPod(kind, podSpec(className, parts), options)
    pods.push(pod)
    return pod
  }
  const reach = async (pod: Pod): Promise<Channel> => {
    const channel = await under.dial(pod.address)
    channels.push(channel)
    return channel
  }
  const ask = (endpoint: string, parameters: Record<string, unknown> = {}): DataRequest =>
    under.DataRequest.create({ endpoint, parameters })

  const it = (name: string, body: () => Promise<void>): void => {
    const reason = unsupported[name]
    if (reason === undefined) test(name, body)
    else test.skip(`${name} (${reason})`, body)
  }

  describe(`a pod of kind ${kind}`, () => {
    afterEach(async () => {
      await Promise.all(pods.splice(0).map((pod) => pod.stop({ graceMs: 0 })))
      await Promise.all(channels.splice(0).map((channel) => channel.close()))
      lines.length = 0
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    it('answers requests, and says what it serves', async () => {
      const channel = await reach(await start('Talker'))
      const { endpoints } = await channel.describe()
      expect(endpoints).toContain('/echo')
      const answer = await channel.handle(ask('/echo', { said: 'hallo' }), call())
      expect(answer.parameters).toMatchObject({ said: 'hallo' })
    })

    it('passes documents through when it has no class', async () => {
      const channel = await reach(await start(null))
      expect((await channel.handle(ask('/any'), call())).endpoint).toBe('/any')
    })

    it('finishes what is in flight and closes its executor when it is stopped', async () => {
      const diary = join(folder, 'diary')
      const pod = await start('Talker', { executor: { usesWith: { diary } } })
      const channel = await reach(pod)
      const reply = channel.handle(ask('/slow', { ms: 50 }), call())
      await channel.describe()
      const exit = await pod.stop()
      expect((await reply).endpoint).toBe('/slow')
      expect(exit.expected).toBe(true)
      expect(readFileSync(diary, 'utf8').split('\n')).toEqual(['slow begins', 'slow ends', 'closed', ''])
      expect(await pod.stop()).toEqual(exit)
      expect(await pod.exited).toEqual(exit)
      expect((await channel.closed).reason).toMatch(/\w/)
    })

    it('refuses requests once it is stopped', async () => {
      const pod = await start('Talker')
      const channel = await reach(pod)
      await pod.stop()
      await expect(channel.handle(ask('/echo'), call())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })

    it('ends in time although a handler never does', async () => {
      const pod = await start('Troubled')
      const channel = await reach(pod)
      const reply = failureOf(channel.handle(ask('/hang'), call()))
      await channel.describe()
      expect((await pod.stop({ graceMs: 50 })).expected).toBe(true)
      expect(await reply).toMatchObject({ code: 'UNAVAILABLE' })
    })

    it('ends in time although it is stuck in a loop', async () => {
      const pod = await start('Troubled')
      const channel = await reach(pod)
      const looping = lineWith('looping')
      // answered or not: the loop begins after the answer
      channel.handle(ask('/loop'), call()).catch(() => {})
      await looping
      expect((await pod.stop({ graceMs: 50 })).expected).toBe(true)
    })

    it('does not start when the constructor throws, and says what it threw and where', async () => {
      const error = await failureOf(start('ThrowsInConstructor'))
      expect(error).toMatchObject({ code: 'START_FAILED', where: { pod: 'exec/rep-1' } })
      expect(error.message).toMatch(/exec\/rep-1.*TypeError: no model at \.\/model\.bin/)
      expect((error.cause as Error).stack).toContain('executors.mjs')
      if (kind !== 'inline') expect(error.message).toContain('about to throw')
    })

    it('does not start when its module is missing', async () => {
      const module = new URL('./missing.mjs', podSpec('Talker').executor.module ?? '').href
      const error = await failureOf(start('Talker', { executor: { module } }))
      expect(error).toMatchObject({ code: 'START_FAILED', cause: { code: 'MODULE_NOT_FOUND' } })
      expect(error.message).toContain('missing.mjs')
    })

    it('does not start when its module has no such class', async () => {
      const error = await failureOf(start('Walker'))
      expect(error).toMatchObject({ code: 'START_FAILED', cause: { code: 'EXPORT_NOT_FOUND' } })
      expect(error.message).toContain('Walker')
    })

    it('does not start when its options cannot be copied to where it runs', async () => {
      const usesWith = { tokenize: () => [] }
      const error = await failureOf(start('Talker', { executor: { usesWith } }))
      expect(error).toMatchObject({ code: 'START_FAILED', cause: { code: 'INVALID_OPTION' } })
      expect(error.message).toMatch(/exec\/rep-1.*usesWith/)
    })

    it('does not start when it dies in the constructor, and shows what it printed', async () => {
      const error = await failureOf(start('DiesInConstructor'))
      expect(error.code).toBe('START_FAILED')
      expect(error.message).toContain('exited with code 7')
      expect(error.message).toContain('licence expired')
      expect(error.output).toEqual(['licence expired'])
    })

    it('is given up when it is not ready in time, with a hint', async () => {
      const error = await failureOf(start('NeverReady', { timeoutReadyMs: 300 }))
      expect(error.code).toBe('START_TIMEOUT')
      expect(error.message).toMatch(/exec\/rep-1 was not ready within 300 ms.*timeoutReadyMs/)
    })

    it('is given up when the caller no longer wants it', async () => {
      const controller = new AbortController()
      const starting = failureOf(start('NeverReady', { timeoutReadyMs: -1 }, controller.signal))
      controller.abort()
      expect(await starting).toMatchObject({ code: 'CANCELLED' })
    })

    it('says why it died', async () => {
      const pod = await start('Troubled')
      const channel = await reach(pod)
      const reply = failureOf(channel.handle(ask('/die'), call()))
      const exit = await pod.exited
      expect(exit).toEqual({
        expected: false,
        isFromOutside: false,
        reason: 'exited with code 3',
        code: 3,
        output: ['I give up'],
      })
      expect(await reply).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
      expect(await pod.stop()).toEqual(exit)
    })

    it('answers an error of exitOnExceptions, then ends by itself with code 1', async () => {
      const pod = await start('Troubled', { executor: { exitOnExceptions: ['LicenceError'] } })
      const channel = await reach(pod)
      const answer = await channel.handle(ask('/fail'), call())
      expect(answer.status?.description).toContain('expired')
      const { expected, reason, output } = await pod.exited
      expect({ expected, reason }).toEqual({ expected: false, reason: 'exited with code 1' })
      expect(output.join('\n')).toContain('ended because of LicenceError (exitOnExceptions)')
    })

    it('is killed at once, which was not expected', async () => {
      const pod = await start('Troubled')
      const channel = await reach(pod)
      const looping = lineWith('looping')
      channel.handle(ask('/loop'), call()).catch(() => {})
      await looping
      pod.kill()
      expect((await pod.exited).expected).toBe(false)
    })

    it('exits, throws and holds its event loop when it is told to', async () => {
      const [exits, throws, holds] = await Promise.all([start('Talker'), start('Talker'), start('Talker')])
      exits.fault({ type: 'exit', code: 9 })
      expect((await exits.exited).reason).toBe('exited with code 9')
      throws.fault({ type: 'throw' })
      const { reason, output } = await throws.exited
      expect([reason, ...output].join('\n')).toContain('a fault that was asked for')
      const channel = await reach(holds)
      holds.fault({ type: 'block', ms: 200 })
      let longestMs = 0
      // a fault may travel a slower channel than requests, so it may block a little later
      while (longestMs < 150) {
        const began = performance.now()
        await channel.handle(ask('/echo'), call())
        longestMs = Math.max(longestMs, performance.now() - began)
      }
    })

    it('says that it ran out of memory', async () => {
      const pod = await start('Talker', { env: { NODE_OPTIONS: '--max-old-space-size=64' } })
      pod.fault({ type: 'leak' })
      const { expected, reason } = await pod.exited
      expect(expected).toBe(false)
      expect(reason).toMatch(/^ran out of memory \(.*heap/)
    })

    it('cannot be made to fail when it is the program itself', async () => {
      const pod = await start('Talker')
      expect(() => pod.fault({ type: 'throw' })).toThrow(/runs inline/)
    })

    it('dies of an uncaught error, which is reported', async () => {
      const pod = await start('Troubled')
      const channel = await reach(pod)
      // its answer may still be in flight when the process exits
      await channel.handle(ask('/throw'), call()).catch(() => {})
      const { expected, reason, output } = await pod.exited
      expect(expected).toBe(false)
      expect([reason, ...output].join('\n')).toContain('RangeError: out of nowhere')
    })

    it('hands on each line that it prints, with its name in front', async () => {
      const pod = await start('Talker')
      const channel = await reach(pod)
      const printed = lineWith('Z\u00dcRICH')
      await channel.handle(ask('/say', { text: 'a\nz\u00fcrich' }), call())
      await printed
      const prefix = `exec/rep-1@${pod.pid}: `
      expect(lines).toEqual(
        expect.arrayContaining(['a', 'z\u00fcrich', 'A', 'Z\u00dcRICH'].map((line) => prefix + line)),
      )
    })

    it('profiles its thread', async () => {
      const file = join(folder, 'pod.cpuprofile')
      await (await start('Talker')).profile({ kind: 'cpu', seconds: 1, file })
      expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('nodes')
    })

    it('sees its own environment', async () => {
      const channel = await reach(await start('Talker', { env: { MILLRACE_TEST_COLOUR: 'blue' } }))
      const answer = await channel.handle(ask('/env', { name: 'MILLRACE_TEST_COLOUR' }), call())
      expect(JSON.stringify(answer.parameters)).toContain('blue')
      expect(process.env.MILLRACE_TEST_COLOUR).toBeUndefined()
    })

    it('leaves no socket behind', async () => {
      const pod = await start('Talker')
      await reach(pod) // a pod without a connection waits for its peer when it stops
      await pod.stop()
      if (pod.address.kind === 'socket') expect(existsSync(pod.address.path)).toBe(false)
    })
  })
}

export async function failureOf(promise: Promise<unknown>): Promise<MillraceError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error as MillraceError,
  )
  if (outcome === null) throw new Error('this should have failed')
  return outcome
}
