import { type Kernel, kernelOn, step } from './wasm/sums.js'
import { type Metric, type Probe, scoreOf } from './metric.js'
import { growTo, type WasmMemory, webAssembly } from './wasm/webassembly.js'

/** Most rows that are scored at once: they stay in the processor's cache while the queries are compared one by one. */
export const rowsAtOnce = 256

/** Vectors of one length by slot, in a WebAssembly memory of their own, up to 4 GB. */
export class Vectors {
  readonly dim: number
  /** Numbers from one vector to the next: padded with zeroes, which change no sum. */
  readonly #stride: number
  /** Address of the vectors; the query and the sums come before them. */
  readonly #start: number
  readonly #memory: WasmMemory
  readonly #kernel: Kernel
  #norms = new Float64Array(0)
  #numbers = new Float32Array(0)
  #query = new Float64Array(0)
  #sums = new Float64Array(0)
  /** The probe whose numbers are in the query's memory. */
  #asked: Probe | undefined

  constructor(dim: number) {
    this.dim = dim
    this.#stride = Math.ceil(dim / step) * step
    this.#start = 8 * (this.#stride + rowsAtOnce)
    this.#memory = new webAssembly.Memory({ initial: 1 })
    growTo(this.#memory, this.#start, `a vector of ${dim}`)
    this.#kernel = kernelOn(this.#memory)
    this.#look()
  }

  /** How many vectors fit. */
  get capacity(): number {
    return this.#norms.length
  }

  /** Euclidean lengths, by slot. */
  get norms(): Float64Array {
    return this.#norms
  }

  get byteLength(): number {
    return this.capacity * (4 * this.#stride + 8)
  }

  /** Grows to hold so many vectors. Throws RESOURCE_EXHAUSTED beyond 4 GB. */
  reserve(rows: number): void {
    if (rows <= this.capacity) return
    growTo(this.#memory, this.#start + rows * this.#stride * 4, `${rows} vectors of ${this.dim}`)
    const norms = new Float64Array(rows)
    norms.set(this.#norms)
    this.#norms = norms
    this.#look()
  }

  set(slot: number, vector: Float32Array): void {
    this.#numbers.set(vector, slot * this.#stride)
    this.#norms[slot] = normOf(vector)
  }

  /** Returns a copy. */
  get(slot: number): Float32Array {
    const from = slot * this.#stride
    return this.#numbers.slice(from, from + this.dim)
  }

  move(from: number, to: number): void {
    this.#numbers.copyWithin(to * this.#stride, from * this.#stride, (from + 1) * this.#stride)
    this.#norms[to] = this.#norms[from]!
  }

  /** Scores of the slots `from` to `to`, at most `rowsAtOnce`; valid until the next call. */
  score(metric: Metric, probe: Probe, { from, to }: { from: number; to: number }): Float64Array {
    const rows = to - from
    const sums = this.#sums
    if (this.#asked !== probe) this.#query.set(probe.vector)
    this.#asked = probe
    const sum = metric === 'l2' ? this.#kernel.squares : this.#kernel.products
    const first = this.#start + from * this.#stride * 4
    sum(0, 8 * this.#stride, first, rows, 8 * this.#stride)
    for (let at = 0; at < rows; at++)
      sums[at] = scoreOf(metric, sums[at]!, probe.norm * this.#norms[from + at]!)
    return sums
  }

  /** Renews the views: growing a memory detaches the old ones. */
  #look(): void {
    const { buffer } = this.#memory
    this.#query = new Float64Array(buffer, 0, this.#stride)
    this.#sums = new Float64Array(buffer, 8 * this.#stride, rowsAtOnce)
    this.#numbers = new Float32Array(buffer, this.#start)
  }
}

/** Euclidean length. */
export function normOf(vector: Float32Array): number {
  let sum = 0
  for (let at = 0; at < vector.length; at++) sum += vector[at]! * vector[at]!
  return Math.sqrt(sum)
}

export function probeOf(vector: Float32Array): Probe {
  return { vector, norm: normOf(vector) }
}
