import { MillraceError } from '../../errors.js'

/** Memory of a module. Growing it takes `buffer` away and gives another one. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** By pages of 64 KiB. Throws when there is no room. */
  grow(pages: number): number
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory
}

/** The part of WebAssembly that is used here; Node's types do not have it. */
export const webAssembly: WebAssemblyApi = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
  .WebAssembly

/** Compiles a module, given in base64, on first use and keeps it. */
export function compile(base64: string): () => object {
  let module: object | undefined
  return () => (module ??= new webAssembly.Module(Buffer.from(base64, 'base64')))
}

const pageBytes = 65_536

/** Makes a memory as large as `bytes`, unless it is. Throws RESOURCE_EXHAUSTED, naming what it is for, beyond 4 GB. */
export function growTo(memory: WasmMemory, bytes: number, what: string): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes)
  if (pages <= 0) return
  try {
    memory.grow(pages)
  } catch (error) {
    throw new MillraceError('RESOURCE_EXHAUSTED', `There is no memory for ${what}.`, { cause: error })
  }
}
