import { descriptors } from './gen/descriptors.js'
import { jinaServices } from './services.js'

/**
 * The served .proto files as reflection hands them out: serialized FileDescriptorProto messages, always with everything
 * they import. Only what serves gRPC loads this file.
 */

const fileOfSymbol = new Map(
  Object.entries(descriptors).flatMap(([file, { symbols }]) =>
    symbols.map((symbol) => [symbol, file] as const),
  ),
)

/** Full names: Jina's fixed list, also of services that only some processes implement, then health and reflection. */
export function listServices(): string[] {
  return [
    ...jinaServices,
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ]
}

/** The file that defines a message, field, enum, service or method, and its imports; empty when nobody knows it. */
export function filesBySymbol(symbol: string): Uint8Array[] {
  const file = fileOfSymbol.get(symbol)
  return file === undefined ? [] : filesByName(file)
}

/** A file, `jina.proto`, and its imports, each once, itself first; empty when there is none of that name. */
export function filesByName(name: string): Uint8Array[] {
  if (!Object.hasOwn(descriptors, name)) return []
  const closure = new Set([name])
  // a Set gives what is added while it is walked
  for (const file of closure) for (const imported of descriptors[file]!.dependencies) closure.add(imported)
  return [...closure].map((file) => fromBase64(descriptors[file]!.base64))
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
