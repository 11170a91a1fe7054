import { seek } from './modules.js'
import { compile, type WasmMemory, webAssembly } from './webassembly.js'

/**
 * Searches groups of four rows of int16, from `rows` to `end`, for a product with the query that is at least `threshold`.
 * Returns the address of the first such group, with its products (four int32) written to `out`; returns `end` when there is
 * none. `stride` is the length of a row and of the query in bytes, a multiple of 16; the other parameters but the threshold
 * are addresses. The source is seek.wat.
 */
export type Seek = (
  rows: number,
  end: number,
  query: number,
  out: number,
  stride: number,
  threshold: number,
) => number

const compiled = compile(seek)

/** Instantiates the function on a memory. */
export function seekOn(memory: WasmMemory): Seek {
  const { exports } = new webAssembly.Instance(compiled(), { m: { m: memory } })
  return (exports as { readonly seek: Seek }).seek
}
