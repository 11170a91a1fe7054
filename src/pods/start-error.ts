import { type ErrorCode, MillraceError } from '../errors.js'
import type { PodSpec } from './pod.js'
import type { Gone } from './running-pod.js'
import type { StartFailure } from './start-failure.js'

/** A pod that exited before it was ready. */
export class EarlyEnd extends Error {
  override readonly name = 'EarlyEnd'
  readonly code: number | null

  constructor({ reason, code }: Gone) {
    super(reason)
    this.code = code
  }
}

/** Ways in which a start fails. */
export type BadStart =
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  | ({ readonly kind: 'gone' } & Gone)
  | { readonly kind: 'late'; readonly why?: string | null }

/** The error of a failed start: the pod's name, the reason, its last output, and what to do. */
export function startError(start: BadStart, spec: PodSpec, output: readonly string[]): MillraceError {
  const where = { deployment: spec.deployment, pod: spec.name }
  const cause = causeOf(start)
  return new MillraceError(codeOf(start), sentence(start, spec, output), { output, where, cause })
}

/** A workspace conflict has its own code: it is not the stage's fault, and a later start may succeed. */
function codeOf(start: BadStart): ErrorCode {
  if (start.kind === 'late') return 'START_TIMEOUT'
  const conflict = start.kind === 'failed' && start.failure.code === 'WORKSPACE_CONFLICT'
  return conflict ? 'WORKSPACE_CONFLICT' : 'START_FAILED'
}

function sentence(start: BadStart, { name, timeoutReadyMs }: PodSpec, output: readonly string[]): string {
  if (start.kind === 'failed') {
    const printed = output.length === 0 ? '' : lastOutput(output)
    return `${name} did not start: ${start.failure.message}${printed}`
  }
  if (start.kind === 'gone') return `${name} ${start.reason} before it was ready.${lastOutput(output)}`
  const why = start.why ?? 'Its constructor, or the loading of its module, takes longer;'
  const hint = `${why} raise timeoutReadyMs (-1 waits forever).`
  return `${name} was not ready within ${timeoutReadyMs} ms. ${hint}${lastOutput(output)}`
}

function causeOf(start: BadStart): Error | undefined {
  if (start.kind === 'gone') return new EarlyEnd(start)
  return start.kind === 'failed' ? failureOf(start.failure) : undefined
}

function failureOf({ code, message, stack }: StartFailure): Error {
  const cause = code === null ? new Error(message) : new MillraceError(code, message)
  cause.stack = stack
  return cause
}

function lastOutput(output: readonly string[]): string {
  if (output.length === 0) return ' It printed nothing.'
  return ` Its last output:\n${output.map((line) => `  ${line}`).join('\n')}`
}
