import { request } from 'node:http'
import { isErrorCode, MillraceError } from '../errors.js'
import { systemClock } from '../lib/clock.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { Profiled, Scaled, ScaleRequest, Served } from './controlled.js'
import type { FlowStatus } from './status.js'

/** Largest accepted answer, in bytes. */
const maxAnswerBytes = 64 * 1024 * 1024

/** Milliseconds a Flow may take to report its status; long, because its main thread may be computing. */
const statusPatienceMs = 5000

/** Milliseconds a replica may take beyond the length of its profile: it may be busy, and its heap large. */
const profilePatienceMs = 120_000

/** Longer than a Flow waits for a change. */
const changePatienceMs = 20_000

/** Controls a running Flow of this user; each call opens its own connection. */
export interface FlowControl {
  readonly path: string
  /** @throws UNAVAILABLE when the Flow has stopped, DEADLINE_EXCEEDED when it does not answer within 5 s. */
  status(): Promise<FlowStatus>
  /** Resolves when a replica has changed its state, at the latest after 10 s. @throws UNAVAILABLE; NOT_FOUND by a Flow of an older Millrace */
  changed(): Promise<void>
  /** What its gateway serves. @throws UNAVAILABLE, DEADLINE_EXCEEDED */
  served(): Promise<Served>
  /** Waits without a timeout. @throws UNAVAILABLE, and what `flow.scale()` throws. */
  scale(stage: string, options: ScaleRequest): Promise<Scaled>
  /** @throws UNAVAILABLE, what `Controlled.profile` throws, DEADLINE_EXCEEDED two minutes after the end of the profile. */
  profile(target: string, order: ProfileOrder): Promise<Profiled>
}

/** Returns a control for a socket path, without connecting. */
export function controlAt(path: string): FlowControl {
  return {
    path,
    status: async () => (await ask(path, { route: '/status', timeoutMs: statusPatienceMs })) as FlowStatus,
    changed: async () => void (await ask(path, { route: '/changed', timeoutMs: changePatienceMs })),
    served: async () => (await ask(path, { route: '/served', timeoutMs: statusPatienceMs })) as Served,
    scale: async (stage, options) =>
      (await ask(path, { route: '/scale', body: { stage, ...options } })) as Scaled,
    profile: async (target, order) => {
      const timeoutMs = order.seconds * 1000 + profilePatienceMs
      return (await ask(path, { route: '/profile', body: { target, ...order }, timeoutMs })) as Profiled
    },
  }
}

interface Question {
  readonly route: string
  /** Makes it a POST. */
  readonly body?: object
  readonly timeoutMs?: number
}

async function ask(path: string, question: Question): Promise<unknown> {
  const { status, text } = await exchange(path, question)
  const value = parse(text)
  if (value === undefined) throw noAnswer(path, `it answered ${status} with what is no JSON object`)
  if (status === 200) return value
  const { code, message } = value as { readonly code?: unknown; readonly message?: unknown }
  throw new MillraceError(
    isErrorCode(code) ? code : 'INTERNAL',
    typeof message === 'string' ? message : `The Flow at ${path} answered ${status}.`,
  )
}

function exchange(
  path: string,
  { route, body, timeoutMs = Number.POSITIVE_INFINITY }: Question,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const sent = request({ socketPath: path, path: route, method, agent: false })
    const cancel = systemClock.after(timeoutMs, () => {
      sent.destroy(
        new MillraceError('DEADLINE_EXCEEDED', `The Flow at ${path} did not answer within ${timeoutMs} ms.`),
      )
    })
    const fail = (error: Error): void => {
      cancel()
      reject(MillraceError.is(error) ? error : noAnswer(path, error.message, error))
    }
    sent.once('error', fail)
    sent.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        chunks.push(chunk)
        if (bytes > maxAnswerBytes) sent.destroy(new Error('its answer is too long'))
      })
      response.once('error', fail)
      response.once('end', () => {
        cancel()
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function noAnswer(path: string, reason: string, cause?: Error): MillraceError {
  return new MillraceError('UNAVAILABLE', `The Flow at ${path} does not answer: ${reason}.`, { cause })
}
