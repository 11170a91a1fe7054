import { MillraceError } from '../../errors.js'

/** Memory of a module. Growing it detaches `buffer` and makes a new one. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Grows by pages of 64 KiB. Throws when there is no memory. */
  grow(pages: number): number
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory
}

/** The used part of WebAssembly, which Node's types do not declare. */
export const webAssembly: WebAssemblyApi = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
  .WebAssembly

/** Compiles a module, given in base64, on first use and caches it. */
export function compile(base64: string): () => object {
  let module: object | undefined
  return () => (module ??= new webAssembly.Module(Buffer.from(base64, 'base64')))
}

const pageBytes = 65_536

/** Grows a memory to at least `bytes`. Throws RESOURCE_EXHAUSTED, naming what it is for, beyond 4 GB. */
export function growTo(memory: WasmMemory, bytes: number, what: string): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes)
  if (pages <= 0) return
  try {
    memory.grow(pages)
  } catch (error) {
    throw new MillraceError('RESOURCE_EXHAUSTED', `Not enough memory for ${what}.`, { cause: error })
  }
}
