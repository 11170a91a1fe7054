import { placeOf } from '../../../document/json-place.js'
import type { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { notRunHeader, protobufType, statusHeader } from '../../../wire/gateway-headers.js'
import { failureText } from '../../../wire/json/encode-answer.js'
import type { Status } from '../../../wire/status.js'
import { challenge } from '../../auth/challenge.js'
import { withJinaHint } from '../jina-hints.js'

export const jsonType = 'application/json; charset=utf-8'

/** Id, endpoint and format of a request, for the body of a failure. */
export interface Subject {
  requestId: string
  endpoint: string
  targetExecutor: string
  isProtobuf: boolean
}

/** How an error is answered. */
export interface FailureOptions {
  /** Default: that of the code of the error. */
  readonly status?: number
  /** Besides those of the error. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Headers of an error: its code, and when to send again. */
export function failureHeaders(
  { code, notRun, retryAfterMs }: MillraceError,
  status: number,
): Readonly<Record<string, string>> {
  const afterMs = retryAfterMs ?? (status === 429 || status === 503 ? 1000 : null)
  return {
    [statusHeader]: code,
    ...(code === 'UNAUTHENTICATED' && { 'www-authenticate': challenge }),
    ...(notRun && { [notRunHeader]: 'true' }),
    ...(afterMs !== null && { 'retry-after': String(Math.max(1, Math.ceil(afterMs / 1000))) }),
  }
}

/** The body of an error, in the format of the request: an answer with the status of the error. */
export function failureBody(
  subject: Subject,
  error: MillraceError,
): { readonly type: string; readonly bytes: Buffer } {
  const bytes = statusBody(subject, statusFrom(error), detailOf(error))
  return { type: subject.isProtobuf ? protobufType : jsonType, bytes }
}

/** An answer with a status and without documents, in the format of the request. */
export function statusBody(subject: Subject, status: Status, detail?: readonly unknown[]): Buffer {
  if (!subject.isProtobuf) return Buffer.from(failureText(subject, status, detail))
  const answer = DataRequest.create(subject)
  answer.status = status
  return Buffer.from(answer.encode())
}

/** With Jina's texts, which its clients look for; without a stack, which is nobody's business. */
function statusFrom(error: MillraceError): Status {
  const { message, code } = withJinaHint(error)
  return {
    code: 'ERROR',
    description: message,
    exception: { name: 'MillraceError', args: [message, code], stacks: [], executor: '' },
  }
}

/** FastAPI's `detail` of a body that does not fit. */
function detailOf(error: MillraceError): readonly unknown[] | undefined {
  const found = placeOf(error)
  if (found === undefined) return undefined
  return [{ loc: ['body', ...found.place], msg: found.reason, type: 'value_error' }]
}
