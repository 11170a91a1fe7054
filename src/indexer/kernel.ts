// The sums that a search consists of, in WebAssembly with 128-bit vectors: five times as fast as the same loop in
// JavaScript. Two functions, written out below as instructions:
//
//   sum(query, queryEnd, vectors, rows, sums)
//
// for each of `rows` vectors of float32, one after the other, the sum of products with the query (doubles), or of squared
// differences. Arguments are addresses. A vector has a multiple of `step` numbers.
//
// Of each eight numbers the first two are added to the first of four pairs of sums, the next two to the second, and so on;
// then ((p₀ + p₁) + (p₂ + p₃)), then the two of the pair. WebAssembly says what every operation gives to the last bit, so
// a sum depends on nothing but the two vectors.

import {
  assemble,
  block,
  branch,
  branchIf,
  type Code,
  f64,
  f64x2,
  type FunctionCode,
  get,
  i32,
  loop,
  set,
  v128,
} from './assembler.js'
import { type WasmMemory, webAssembly } from './webassembly.js'

/** Numbers of one turn of the loop. */
export const step = 8

export type Sum = (query: number, queryEnd: number, vectors: number, rows: number, sums: number) => void

export interface Kernel {
  readonly products: Sum
  readonly squares: Sum
}

/** The functions on a memory. */
export function kernelOn(memory: WasmMemory): Kernel {
  const { exports } = new webAssembly.Instance(compiled(), { m: { m: memory } })
  return exports as Kernel
}

let cached: object | undefined

const compiled = (): object =>
  (cached ??= new webAssembly.Module(assemble([sum('products', product), sum('squares', square)])))

// numbers of parameters and locals
const [query, queryEnd, vectors, rows, sums, at, difference] = [0, 1, 2, 3, 4, 5, 6]
const pairs = [7, 8, 9, 10]

function sum(name: string, term: (pair: number) => Code): FunctionCode {
  return { name, parameters: 5, results: 0, locals: { int32: 1, vectors: 5 }, body: body(term) }
}

function body(term: (pair: number) => Code): Code {
  return block(
    loop(
      // until no row is left
      [...get(rows), ...i32.isZero, ...branchIf(1)],
      pairs.flatMap((pair) => [...v128.zero, ...set(pair)]),
      [...get(query), ...set(at)],
      loop(
        pairs.flatMap((pair, index) => [...get(pair), ...term(index), ...f64x2.add, ...set(pair)]),
        [...get(vectors), ...i32.constant(4 * step), ...i32.add, ...set(vectors)],
        [...get(at), ...i32.constant(8 * step), ...i32.add, ...set(at)],
        [...get(at), ...get(queryEnd), ...i32.isBelow, ...branchIf(0)],
      ),
      [...get(pairs[0]!), ...get(pairs[1]!), ...f64x2.add],
      [...get(pairs[2]!), ...get(pairs[3]!), ...f64x2.add, ...f64x2.add, ...set(difference)],
      [...get(sums), ...get(difference), ...f64x2.lane(0), ...get(difference), ...f64x2.lane(1)],
      [...f64.add, ...f64.store],
      [...get(sums), ...i32.constant(8), ...i32.add, ...set(sums)],
      [...get(rows), ...i32.constant(1), ...i32.subtract, ...set(rows)],
      branch(0),
    ),
  )
}

/** Both numbers of a pair. */
function operands(pair: number): Code {
  const ofQuery = [...get(at), ...f64x2.load(16 * pair)]
  return [...ofQuery, ...get(vectors), ...f64x2.loadFloats(8 * pair), ...f64x2.fromFloats]
}

const product = (pair: number): Code => [...operands(pair), ...f64x2.multiply]

const square = (pair: number): Code => [
  ...operands(pair),
  ...f64x2.subtract,
  ...set(difference),
  ...get(difference),
  ...get(difference),
  ...f64x2.multiply,
]
