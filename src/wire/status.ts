import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'
import { addOccurrence, bytesOfField, type FieldBytes } from './message-field.js'

/** StatusProto: how a request, or one hop of it, ended. Immutable: replace it as a whole. */
export interface Status {
  readonly code: 'SUCCESS' | 'ERROR'
  readonly description: string
  readonly exception?: StatusException
}

/** The error that an executor's handler threw. */
export interface StatusException {
  /** Class of the error, `ValueError` or `TypeError`. */
  readonly name: string
  readonly args: readonly string[]
  /** Lines of the stack trace, each with its line end. */
  readonly stacks: readonly string[]
  /** Class name of the Executor. */
  readonly executor: string
}

/** Writes the fields of a StatusProto; the caller has opened the message. */
export function writeStatus(writer: Writer, status: Status): void {
  if (status.code === 'ERROR') writer.uint32(1, 1)
  if (status.description !== '') writer.string(2, status.description)
  const { exception } = status
  if (exception === undefined) return
  const mark = writer.fork(3)
  if (exception.name !== '') writer.string(1, exception.name)
  for (const arg of exception.args) writer.string(2, arg)
  for (const line of exception.stacks) writer.string(3, line)
  if (exception.executor !== '') writer.string(4, exception.executor)
  writer.join(mark)
}

/** The bytes of a StatusProto, the answer of `dry_run`. */
export function encodeStatus(status: Status): Uint8Array {
  const writer = new Writer()
  writeStatus(writer, status)
  return writer.finish()
}

/** An unknown code counts as ERROR. Throws MALFORMED. */
export function decodeStatus(bytes: Uint8Array): Status {
  const reader = new Reader(bytes)
  let code: Status['code'] = 'SUCCESS'
  let description = ''
  let exception: FieldBytes
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 8) code = reader.uint32() === 0 ? 'SUCCESS' : 'ERROR'
    else if (tag === 18) description = reader.string()
    else if (tag === 26) exception = addOccurrence(exception, reader.bytes())
    else reader.skip(tag)
  }
  const thrown = bytesOfField(exception)
  return thrown === undefined
    ? { code, description }
    : { code, description, exception: decodeException(thrown) }
}

function decodeException(bytes: Uint8Array): StatusException {
  const reader = new Reader(bytes)
  let name = ''
  const args: string[] = []
  const stacks: string[] = []
  let executor = ''
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) name = reader.string()
    else if (tag === 18) args.push(reader.string())
    else if (tag === 26) stacks.push(reader.string())
    else if (tag === 34) executor = reader.string()
    else reader.skip(tag)
  }
  return { name, args, stacks, executor }
}
