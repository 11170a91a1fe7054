import type { Probe } from './metric.js'
import { type Seek, seekOn } from './wasm/seek.js'
import { growTo, type WasmMemory, webAssembly } from './wasm/webassembly.js'

/** Length of a coded vector: its numbers fit into int16, products of two into int32. */
export const codeLength = 32_000

/** Rows whose products are computed together. */
export const rowsTogether = 4

/**
 * Directions of vectors as int16, to find out cheaply which rows cannot be among the best: the code of v is v / |v| · 32 000,
 * rounded. Takes half the memory of the vectors, in a WebAssembly memory of its own, up to 4 GB.
 */
export class Codes {
  readonly dim: number
  readonly #stride: number
  readonly #memory: WasmMemory
  readonly #seek: Seek
  /** Addresses of the output and of the rows; the query comes first. */
  readonly #outAt: number
  readonly #rowsAt: number
  #capacity = 0
  #numbers = new Int16Array(0)
  #products = new Int32Array(0)

  constructor(dim: number) {
    this.dim = dim
    this.#stride = Math.ceil(dim / 8) * 16
    this.#outAt = this.#stride
    this.#rowsAt = this.#outAt + 16
    this.#memory = new webAssembly.Memory({ initial: 1 })
    this.#seek = seekOn(this.#memory)
    this.reserve(0)
  }

  get byteLength(): number {
    return this.#capacity * this.#stride
  }

  /** Grows to hold so many rows; existing rows stay. Throws RESOURCE_EXHAUSTED beyond 4 GB. */
  reserve(rows: number): void {
    // the kernel also reads the rows that fill up the last group of four
    const bytes = this.#rowsAt + (rows + rowsTogether - 1) * this.#stride
    growTo(this.#memory, bytes, `codes of ${rows} vectors of ${this.dim}`)
    this.#capacity = Math.max(this.#capacity, rows)
    const { buffer } = this.#memory
    this.#numbers = new Int16Array(buffer)
    this.#products = new Int32Array(buffer, this.#outAt, rowsTogether)
  }

  set(slot: number, row: Probe): void {
    encode(row, this.#numbers, this.#startOf(slot))
  }

  move(from: number, to: number): void {
    const start = this.#startOf(from)
    this.#numbers.copyWithin(this.#startOf(to), start, start + this.dim)
  }

  /** The code of a query, for `use`. */
  codeOf(probe: Probe): Int16Array {
    const code = new Int16Array(this.dim)
    encode(probe, code, 0)
    return code
  }

  /** Sets the query that `seek` compares with. */
  use(code: Int16Array): void {
    this.#numbers.set(code)
  }

  /** The first row of a group of four, from `from` on, of which one has a product not below `bound`; at least `to` if none. */
  seek(from: number, to: number, bound: number): number {
    const rows = this.#rowsAt + from * this.#stride
    const end = rows + Math.ceil((to - from) / rowsTogether) * rowsTogether * this.#stride
    // NaN is below nothing
    const threshold = bound > smallest ? Math.min(Math.ceil(bound), -1 - smallest) : smallest
    // unsigned: half of the memory is beyond the largest int32
    const found = this.#seek(rows, end, 0, this.#outAt, this.#stride, threshold) >>> 0
    return from + (found - rows) / this.#stride
  }

  /** The products of the four rows that `seek` has found. */
  get products(): Int32Array {
    return this.#products
  }

  #startOf(slot: number): number {
    return (this.#rowsAt + slot * this.#stride) / 2
  }
}

const smallest = -(2 ** 31)

function encode({ vector, norm }: Probe, into: Int16Array, start: number): void {
  const factor = norm === 0 ? 0 : codeLength / norm
  for (let at = 0; at < vector.length; at++) into[start + at] = Math.round(vector[at]! * factor)
}
