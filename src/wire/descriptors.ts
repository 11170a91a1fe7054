import { descriptors } from './gen/descriptors.js'
import { jinaServices, laterServices } from './services.js'

/**
 * The served .proto files for gRPC reflection: serialized FileDescriptorProto messages, always with all their imports. Only
 * gRPC servers load this file.
 */

const fileOfSymbol = new Map(
  Object.entries(descriptors).flatMap(([file, { symbols }]) =>
    symbols.map((symbol) => [symbol, file] as const),
  ),
)

/** Full names of all services. */
export function listServices(): string[] {
  return [
    ...jinaServices,
    ...laterServices,
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ]
}

/**
 * Those that `v1alpha` of reflection lists, which is what Jina asks: gateways of Jina up to 3.14 look each of them up in a table
 * of their own, without a default. Tools of today ask `v1`.
 */
export function listServicesForJina(): string[] {
  return [...jinaServices, 'grpc.reflection.v1alpha.ServerReflection']
}

/** The file that defines a message, field, enum, service or method, and its imports; empty for an unknown name. */
export function filesBySymbol(symbol: string): Uint8Array[] {
  const file = fileOfSymbol.get(symbol)
  return file === undefined ? [] : filesByName(file)
}

/** A file, such as `jina.proto`, then its imports, each once; empty for an unknown name. */
export function filesByName(name: string): Uint8Array[] {
  if (!Object.hasOwn(descriptors, name)) return []
  const closure = new Set([name])
  // iterating a Set also visits entries added meanwhile
  for (const file of closure) for (const imported of descriptors[file]!.dependencies) closure.add(imported)
  return [...closure].map((file) => fromBase64(descriptors[file]!.base64))
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
