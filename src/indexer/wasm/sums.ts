import { sums } from './modules.js'
import { compile, type WasmMemory, webAssembly } from './webassembly.js'

/** Numbers per turn of the loop: the length of a vector is a multiple of it. */
export const step = 8

/**
 * Sums over the query and each of `rows` consecutive float32 vectors. All parameters but `rows` are addresses: the query is
 * doubles from `query` to `queryEnd`, and each row's sum, a double, is written to `sums`. The source is sums.wat.
 */
export type Sum = (query: number, queryEnd: number, vectors: number, rows: number, sums: number) => void

export interface Kernel {
  /** Sums of products. */
  readonly products: Sum
  /** Sums of squared differences. */
  readonly squares: Sum
}

const compiled = compile(sums)

/** Instantiates the functions on a memory. */
export function kernelOn(memory: WasmMemory): Kernel {
  return new webAssembly.Instance(compiled(), { m: { m: memory } }).exports as Kernel
}
