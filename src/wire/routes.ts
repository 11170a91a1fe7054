import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { addOccurrence, bytesOfField, type FieldBytes } from './message-field.js'
import { decodeStatus, type Status, writeStatus } from './status.js'

/** RouteProto: a stage that a request went through. Times have milliseconds here, nanoseconds on the wire. */
export interface Route {
  /** Name of the deployment; the gateway's own entry is `gateway`. */
  executor: string
  startTime?: Date
  endTime?: Date
  status?: Status
}

const routesTag = (3 << 3) | 2

/** Writes field 3 of the envelope, once for each route. */
export function writeRoutes(writer: Writer, routes: readonly Route[]): void {
  for (const route of routes) {
    const mark = writer.fork(3)
    if (route.executor !== '') writer.string(1, route.executor)
    if (route.startTime !== undefined) writeTimestamp(writer, 2, route.startTime)
    if (route.endTime !== undefined) writeTimestamp(writer, 3, route.endTime)
    if (route.status !== undefined) {
      const status = writer.fork(4)
      writeStatus(writer, route.status)
      writer.join(status)
    }
    writer.join(mark)
  }
}

/** Reads whole fields 3, tags included. Throws MALFORMED. */
export function decodeRoutes(fields: Uint8Array): Route[] {
  const routes: Route[] = []
  const reader = new Reader(fields)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === routesTag) routes.push(decodeRoute(reader.bytes()))
    else reader.skip(tag)
  }
  return routes
}

function decodeRoute(bytes: Uint8Array): Route {
  const reader = new Reader(bytes)
  const route: Route = { executor: '' }
  let startTime: FieldBytes
  let endTime: FieldBytes
  let status: FieldBytes
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) route.executor = reader.string()
    else if (tag === 18) startTime = addOccurrence(startTime, reader.bytes())
    else if (tag === 26) endTime = addOccurrence(endTime, reader.bytes())
    else if (tag === 34) status = addOccurrence(status, reader.bytes())
    else reader.skip(tag)
  }
  const [start, end, ended] = [bytesOfField(startTime), bytesOfField(endTime), bytesOfField(status)]
  if (start !== undefined) route.startTime = decodeTimestamp(start)
  if (end !== undefined) route.endTime = decodeTimestamp(end)
  if (ended !== undefined) route.status = decodeStatus(ended)
  return route
}

/** google.protobuf.Timestamp: seconds = 1, nanos = 2; nanos count forward even before 1970. */
function writeTimestamp(writer: Writer, field: number, time: Date): void {
  const ms = time.getTime()
  // an invalid Date, the result of reading a time out of range
  if (Number.isNaN(ms)) return
  const seconds = Math.floor(ms / 1000)
  const nanos = Math.round((ms - seconds * 1000) * 1e6)
  const mark = writer.fork(field)
  // until 2106 the seconds fit an uint32, whose varint is the same and needs no BigInt
  if (seconds > 0 && seconds <= 0xffffffff) writer.uint32(1, seconds)
  else if (seconds !== 0) writer.int64(1, BigInt(seconds))
  if (nanos !== 0) writer.uint32(2, nanos)
  writer.join(mark)
}

/** A time out of the range of a Date gives an invalid Date. */
function decodeTimestamp(bytes: Uint8Array): Date {
  const reader = new Reader(bytes)
  let seconds = 0
  let nanos = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 8) seconds = reader.int64AsNumber()
    else if (tag === 16) nanos = reader.int32()
    else reader.skip(tag)
  }
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6))
}
