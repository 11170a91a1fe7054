import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as the collector got it. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly name: string
  readonly kind: number
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly {
    readonly name: string
    readonly attributes: Readonly<Record<string, unknown>>
  }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  /** Undefined unless it failed. */
  readonly error: string | undefined
  /** `service.name` */
  readonly service: unknown
  /** Attributes of its process. */
  readonly resource: Readonly<Record<string, unknown>>
}

function failureOf({ error, attributes }: ReceivedSpan): string {
  if (error === undefined) return ''
  const { 'error.type': type } = attributes
  return typeof type === 'string' ? ` ${type}` : ' failed'
}

/** A collector of traces: OTLP over HTTP with protobuf. */
export class Collector implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    this.headers.push(request.headers)
    const isTraces = request.method === 'POST' && request.url === '/v1/traces'
    if (isTraces) this.receive(Buffer.concat(chunks))
    response.writeHead(isTraces ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end()
  })

  static async start(): Promise<Collector> {
    const collector = new Collector()
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve))
    return collector
  }

  /** Adds the spans of an `ExportTraceServiceRequest`, in protobuf. */
  receive(request: Buffer): void {
    this.spans.push(...spansOf(request))
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Spans whose parent has not arrived; `outside` is a span of the client. */
  orphans(outside = ''): readonly ReceivedSpan[] {
    const known = new Set(['', outside, ...this.spans.map(({ spanId }) => spanId)])
    return this.spans.filter(({ parentId }) => !known.has(parentId))
  }

  /** A trace as lines, children below their parents and in their order, with their events. */
  picture(traceId: string): readonly string[] {
    const spans = this.spans.filter((span) => span.traceId === traceId)
    const ids = new Set(spans.map(({ spanId }) => spanId))
    const below = (parent: string | undefined): readonly ReceivedSpan[] =>
      spans
        .filter(({ parentId }) => (parent === undefined ? !ids.has(parentId) : parentId === parent))
        .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.name < b.name ? -1 : 1))
    const lines = (span: ReceivedSpan, indent: string): readonly string[] => [
      `${indent}${span.name} [${String(span.service)}]${failureOf(span)}`,
      ...span.events.map(({ name }) => `${indent}  - ${name}`),
      ...below(span.spanId).flatMap((child) => lines(child, `${indent}  `)),
    ]
    return below(undefined).flatMap((span) => lines(span, ''))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** The fields of a protobuf message, by number. */
type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>

function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('a field ends beyond its message')
    return bytes.subarray(at, (at += length))
  }
  const readers: Readonly<Record<number, () => bigint | Buffer>> = {
    0: varint,
    1: () => take(8).readBigUInt64LE(),
    2: () => take(Number(varint())),
    5: () => BigInt(take(4).readUInt32LE()),
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const type = tag & 7
    const read = readers[type]
    if (read === undefined) throw new Error(`wire type ${type} of field ${tag >> 3}`)
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), read()])
  }
  return fields
}

const messages = (fields: Fields, field: number): readonly Fields[] =>
  (fields.get(field) ?? []).map((bytes) => fieldsOf(bytes as Buffer))
const bytesOf = (fields: Fields, field: number): Buffer =>
  (fields.get(field)?.[0] as Buffer) ?? Buffer.alloc(0)
const text = (fields: Fields, field: number): string => bytesOf(fields, field).toString('utf8')
const hex = (fields: Fields, field: number): string => bytesOf(fields, field).toString('hex')
const integer = (fields: Fields, field: number): bigint => (fields.get(field)?.[0] as bigint) ?? 0n

/** opentelemetry/proto/common/v1/common.proto: `AnyValue` */
function attributesOf(fields: Fields, field: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    messages(fields, field).map((pair) => {
      const [value] = messages(pair, 2)
      if (value?.has(1)) return [text(pair, 1), text(value, 1)]
      if (value?.has(2)) return [text(pair, 1), integer(value, 2) === 1n]
      if (value?.has(3)) return [text(pair, 1), Number(integer(value, 3))]
      const double = Buffer.alloc(8)
      double.writeBigUInt64LE(integer(value!, 4))
      return [text(pair, 1), double.readDoubleLE()]
    }),
  )
}

/** opentelemetry/proto/trace/v1/trace.proto */
function spansOf(request: Buffer): readonly ReceivedSpan[] {
  return messages(fieldsOf(request), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0]!, 1)
    return messages(resourceSpans, 2)
      .flatMap((scope) => messages(scope, 2))
      .map((span) => ({
        ...{ traceId: hex(span, 1), spanId: hex(span, 2), parentId: hex(span, 4), name: text(span, 5) },
        kind: Number(integer(span, 6)),
        ...{ start: integer(span, 7), end: integer(span, 8) },
        attributes: attributesOf(span, 9),
        events: messages(span, 11).map((event) => ({
          name: text(event, 2),
          attributes: attributesOf(event, 3),
        })),
        links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
        // `STATUS_CODE_ERROR`
        error: messages(span, 15)
          .filter((status) => integer(status, 3) === 2n)
          .map((status) => text(status, 2))[0],
        ...{ service: resource['service.name'], resource },
      }))
  })
}
