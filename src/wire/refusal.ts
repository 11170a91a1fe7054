import { isErrorCode, MillraceError } from '../errors.js'
import type { Status } from './status.js'

/** The status of a request that the gateway refused: an exception without an Executor, whose third argument has more facts, as JSON. */
export function refusalStatus({ message, code, notRun, retryable, retryAfterMs }: MillraceError): Status {
  const facts = JSON.stringify({ notRun, retryable, retryAfterMs })
  return {
    code: 'ERROR',
    description: message,
    // without a stack, which is nobody's business
    exception: { name: 'MillraceError', args: [message, code, facts], stacks: [], executor: '' },
  }
}

/** The error of `refusalStatus`; null for another status, such as that of an Executor. */
export function errorFromRefusal({ exception, description }: Status, address: string): MillraceError | null {
  if (exception?.name !== 'MillraceError' || exception.executor !== '') return null
  const [message = description, code = '', written = '{}'] = exception.args
  if (!isErrorCode(code)) return null
  const { notRun, retryable, retryAfterMs } = factsOf(written)
  return new MillraceError(code, message, {
    where: { address },
    notRun: notRun === true,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null,
    ...(typeof retryable === 'boolean' && { retryable }),
  })
}

function factsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
