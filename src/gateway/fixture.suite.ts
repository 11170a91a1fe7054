import * as grpc from '@grpc/grpc-js'
import { afterEach } from 'vitest'
import type { Call, Description, Handler, Service } from '../call/call.js'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from '../wire/data-request.js'
import type { RequestLimits } from '../wire/request-limits.js'
import type { Gateway } from './contract.js'
import { createGateway } from './gateway.js'
import type { LimitsSpec } from './limits.js'
import { type GatewaySpec, type ListenerSpec, type StageSpec, unsharded } from './spec.js'

export function stageSpec(name: string, more: Partial<StageSpec> = {}): StageSpec {
  return {
    name,
    needs: ['gateway'],
    floating: false,
    when: null,
    passThrough: false,
    balance: 'power-of-two',
    timeoutSendMs: null,
    retries: -1,
    maxLostReplicas: 2,
    hedge: null,
    queue: { maxRequests: 1000, maxBytes: 2 ** 28, maxWaitMs: 2000, perReplica: 1000 },
    silentMs: null,
    external: [],
    forwardHeaders: more.external === undefined ? 'all' : [],
    flow: null,
    ...unsharded,
    ...more,
  }
}

/** Limits that no test reaches, except the tests of limits. */
export const testLimits: LimitsSpec = {
  maxBytes: 2 ** 30,
  maxConnections: null,
  maxCalls: 1024,
  stallMs: 60_000,
  handshakeMs: 60_000,
  handshakesPerSecond: 500,
  idleMs: null,
}

export const testRequestLimits: RequestLimits = {
  parameterBytes: 4 * 1024 * 1024,
  parameterValues: 65_536,
  parameterDepth: 64,
  documents: 500_000,
}

export function grpcListener(port: number, host = '127.0.0.1'): ListenerSpec {
  return { protocols: ['grpc'], host, port }
}

/** Each stage needs the one before it. */
export function gatewaySpec(stages: readonly StageSpec[], more: Partial<GatewaySpec> = {}): GatewaySpec {
  return {
    name: 'flow',
    listeners: [grpcListener(0)],
    stages: stages.map((stage, index) => ({ ...stage, needs: [stages[index - 1]?.name ?? 'gateway'] })),
    prefetch: 1000,
    queue: { maxRequests: 10_000, maxBytes: 2 ** 29 },
    maxMessageBytes: 64 * 1024 * 1024,
    limits: testLimits,
    requestLimits: testRequestLimits,
    timeoutMs: null,
    ...more,
  }
}

/** A pod in memory; echoes by default, and always answers the dry run. */
export function pod(
  handle: Handler = async (request) => request.answer(),
  more: { readonly endpoints?: readonly string[] } = {},
): Service {
  const description: Description = {
    endpoints: ['_jina_dry_run_', ...(more.endpoints ?? ['/default'])],
    writeEndpoints: [],
    streamEndpoints: [],
    schemas: {},
  }
  return {
    handle: async (request: DataRequest, call: Call) =>
      request.endpoint === '_jina_dry_run_' ? request.answer() : handle(request, call),
    describe: () => description,
  }
}

export async function startedGateway(
  pods: Readonly<Record<string, Service>>,
  spec: Partial<GatewaySpec> & { readonly stage?: Partial<StageSpec> } = {},
): Promise<{ gateway: Gateway; client: TestClient }> {
  const { stage, ...more } = spec
  const names = Object.keys(pods)
  const gateway = createGateway(
    gatewaySpec(
      names.map((name) => stageSpec(name, stage)),
      more,
    ),
  )
  const port = (await gateway.listen()).ports[0]!
  for (const name of names) {
    await gateway.add(name, `${name}/rep-0`, { kind: 'memory', service: pods[name]! })
  }
  await gateway.ready()
  return { gateway, client: new TestClient(port) }
}

export function request(endpoint = '/foo', texts: readonly string[] = ['a']): DataRequest {
  return DataRequest.create({
    endpoint,
    docs: new DocumentArray(texts.map((text) => new Document({ text }))),
  })
}

/** `startedGateway` for the tests of one file; everything in `open` is closed after each test. */
export function gatewaysOfTests(): {
  readonly open: { readonly gateway: Gateway; readonly client: TestClient }[]
  readonly startedGateway: typeof startedGateway
} {
  const open: { readonly gateway: Gateway; readonly client: TestClient }[] = []
  afterEach(async () => {
    for (const { gateway, client } of open.splice(0)) {
      client.close()
      await gateway.close({ graceMs: 0 })
    }
  })
  return {
    open,
    async startedGateway(...args) {
      const started = await startedGateway(...args)
      open.push(started)
      return started
    },
  }
}

const keep = (bytes: Uint8Array): Buffer => Buffer.from(bytes)

/** A gRPC client of raw bytes. */
export class TestClient {
  readonly port: number
  readonly #client: grpc.Client

  constructor(port: number) {
    this.port = port
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  }

  unary(
    path: string,
    bytes: Uint8Array,
    options: {
      headers?: Record<string, string>
      deadline?: number
      trailers?: (metadata: grpc.Metadata) => void
    } = {},
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        keep,
        (answer: Buffer) => answer,
        bytes,
        metadataOf(options.headers),
        options.deadline === undefined ? {} : { deadline: options.deadline },
        (error, answer) => (error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error)),
      )
      call.on('status', ({ metadata }) => options.trailers?.(metadata))
    })
  }

  async send(data: DataRequest, headers: Record<string, string> = {}): Promise<DataRequest> {
    return DataRequest.decode(
      await this.unary('/jina.JinaSingleDataRequestRPC/process_single_data', data.encode(), { headers }),
    )
  }

  /** Sends over a separate channel that compresses requests. */
  async compressed(algorithm: 'gzip' | 'deflate', data: DataRequest): Promise<DataRequest> {
    const client = new grpc.Client(`127.0.0.1:${this.port}`, grpc.credentials.createInsecure(), {
      'grpc.default_compression_algorithm': algorithm === 'gzip' ? 2 : 1,
    })
    const path = '/jina.JinaSingleDataRequestRPC/process_single_data'
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(path, keep, keep, data.encode(), (error, answer) =>
        error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error),
      )
    })
    client.close()
    return DataRequest.decode(bytes)
  }

  cancellable(path: string, bytes: Uint8Array): grpc.ClientUnaryCall {
    return this.#client.makeUnaryRequest(
      path,
      keep,
      (answer: Buffer) => answer,
      bytes,
      () => {},
    )
  }

  duplex(
    path = '/jina.JinaRPC/Call',
    headers: Record<string, string> = {},
  ): grpc.ClientDuplexStream<Uint8Array, Buffer> {
    return this.#client.makeBidiStreamRequest(path, keep, (answer: Buffer) => answer, metadataOf(headers))
  }

  items(path: string, bytes: Uint8Array): grpc.ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(path, keep, (answer: Buffer) => answer, bytes)
  }

  close(): void {
    this.#client.close()
  }
}

function metadataOf(headers: Record<string, string> = {}): grpc.Metadata {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}
