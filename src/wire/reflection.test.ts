import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { filesByName, filesBySymbol, listServices } from './descriptors.js'
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../test/gen/grpc/grpc/reflection/v1/reflection_pb.js'
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
} from '../../test/gen/grpc/grpc/health/v1/health_pb.js'
import {
  decodeHealthRequest,
  decodeHealthResponse,
  encodeHealthRequest,
  encodeHealthResponse,
} from './health.js'
import {
  decodeReflectionRequest,
  decodeServiceList,
  encodeListServicesRequest,
  encodeReflectionResponse,
} from './reflection.js'

function registryOf(files: Uint8Array[]) {
  const file = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
  // the registry needs imports first
  return createFileRegistry({ $typeName: 'google.protobuf.FileDescriptorSet', file: file.toReversed() })
}

describe('served descriptors', () => {
  test('every listed service is found with all its dependencies', () => {
    for (const service of listServices()) {
      expect(registryOf(filesBySymbol(service)).getService(service)?.methods.length).toBeGreaterThan(0)
    }
  })

  test('a method, a message, a field and an enum are found too', () => {
    for (const symbol of [
      'jina.JinaInfoRPC._status',
      'docarray.DocumentProto',
      'jina.HeaderProto.exec_endpoint',
      'jina.StatusProto.StatusCode',
    ]) {
      expect(filesBySymbol(symbol)).not.toEqual([])
    }
  })

  test('a file comes first and its imports after it, each once', () => {
    const names = filesByName('jina.proto').map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
    expect(names).toEqual([
      'jina.proto',
      'docarray.proto',
      'google/protobuf/empty.proto',
      'google/protobuf/struct.proto',
      'google/protobuf/timestamp.proto',
    ])
  })

  test('an unknown name gives nothing', () => {
    expect(filesBySymbol('jina.Nothing')).toEqual([])
    expect(filesByName('__proto__')).toEqual([])
  })
})

describe('reflection messages', () => {
  const request = (messageRequest: object) =>
    toBinary(
      ServerReflectionRequestSchema,
      create(ServerReflectionRequestSchema, { host: 'here', messageRequest } as never),
    )

  test.each([
    [{ case: 'listServices', value: '' }, { kind: 'list' }],
    [
      { case: 'fileByFilename', value: 'jina.proto' },
      { kind: 'file', name: 'jina.proto' },
    ],
    [
      { case: 'fileContainingSymbol', value: 'jina.JinaRPC' },
      { kind: 'symbol', name: 'jina.JinaRPC' },
    ],
    [
      { case: 'fileContainingExtension', value: { containingType: 'a.B', extensionNumber: 5 } },
      { kind: 'extension', type: 'a.B' },
    ],
    [
      { case: 'allExtensionNumbersOfType', value: 'a.B' },
      { kind: 'extension', type: 'a.B' },
    ],
    [undefined, { kind: 'unknown' }],
  ])('a request %o is understood', (messageRequest, query) => {
    const bytes = messageRequest === undefined ? new Uint8Array() : request(messageRequest)
    expect(decodeReflectionRequest(bytes).query).toEqual(query)
  })

  test('answers echo their request and say the same to protobuf-es', () => {
    const bytes = request({ case: 'listServices', value: '*' })
    const original = fromBinary(ServerReflectionRequestSchema, bytes)
    const answer = (given: Parameters<typeof encodeReflectionResponse>[1]) =>
      fromBinary(
        ServerReflectionResponseSchema,
        encodeReflectionResponse(decodeReflectionRequest(bytes), given),
      )

    const services = answer({ kind: 'services', names: ['a.B', 'a.C'] })
    expect(services).toMatchObject({ validHost: 'here', originalRequest: original })
    expect(services.messageResponse).toMatchObject({
      case: 'listServicesResponse',
      value: { service: [{ name: 'a.B' }, { name: 'a.C' }] },
    })
    const files = answer({ kind: 'files', files: [Uint8Array.of(1), Uint8Array.of(2)] })
    expect(files.messageResponse).toMatchObject({ case: 'fileDescriptorResponse' })
    expect(
      (files.messageResponse.value as { fileDescriptorProto: Uint8Array[] }).fileDescriptorProto,
    ).toHaveLength(2)
    expect(answer({ kind: 'error', code: 5, message: 'no such symbol' }).messageResponse).toMatchObject({
      case: 'errorResponse',
      value: { errorCode: 5, errorMessage: 'no such symbol' },
    })
  })

  test('a client requests the list and reads the answer', () => {
    expect(decodeReflectionRequest(encodeListServicesRequest()).query).toEqual({ kind: 'list' })
    const asked = decodeReflectionRequest(encodeListServicesRequest())
    expect(
      decodeServiceList(encodeReflectionResponse(asked, { kind: 'services', names: listServices() })),
    ).toEqual(listServices())
    expect(
      decodeServiceList(encodeReflectionResponse(asked, { kind: 'error', code: 12, message: '' })),
    ).toEqual([])
  })
})

describe('health messages', () => {
  test('say the same to protobuf-es, both ways', () => {
    expect(fromBinary(HealthCheckRequestSchema, encodeHealthRequest('jina.JinaRPC')).service).toBe(
      'jina.JinaRPC',
    )
    expect(
      decodeHealthRequest(
        toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: 'a' })),
      ),
    ).toBe('a')
    for (const [status, code] of [
      ['UNKNOWN', 0],
      ['SERVING', 1],
      ['NOT_SERVING', 2],
      ['SERVICE_UNKNOWN', 3],
    ] as const) {
      expect(fromBinary(HealthCheckResponseSchema, encodeHealthResponse(status)).status).toBe(code)
      expect(
        decodeHealthResponse(
          toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status: code })),
        ),
      ).toBe(status)
    }
  })
})
