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

const compiled = (): object => (cached ??= new webAssembly.Module(Uint8Array.from(moduleBytes())))

type Code = readonly number[]

// numbers of parameters and locals
const [query, queryEnd, vectors, rows, sums, at, difference] = [0, 1, 2, 3, 4, 5, 6]
const pairs = [7, 8, 9, 10]

// instructions (WebAssembly core specification, 5.4)
const get = (local: number): Code => [0x20, local]
const set = (local: number): Code => [0x21, local]
const i32 = (value: number): Code => [0x41, ...signed(value)]
const addI32: Code = [0x6a]
const subtractI32: Code = [0x6b]
const isZero: Code = [0x45]
const isBelow: Code = [0x49]
const addF64: Code = [0xa0]
const storeF64: Code = [0x39, 3, 0]
const block: Code = [0x02, 0x40]
const loop: Code = [0x03, 0x40]
const end: Code = [0x0b]
const branch = (depth: number): Code => [0x0c, depth]
const branchIf = (depth: number): Code => [0x0d, depth]
const zeroes: Code = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)]
const loadTwoDoubles = (offset: number): Code => [0xfd, 0x00, 3, offset]
const loadTwoFloats = (offset: number): Code => [0xfd, 0x5d, 2, offset]
const toDoubles: Code = [0xfd, 0x5f]
const add: Code = [0xfd, 0xf0, 1]
const subtract: Code = [0xfd, 0xf1, 1]
const multiply: Code = [0xfd, 0xf2, 1]
const lane = (which: number): Code => [0xfd, 0x21, which]

function body(term: (pair: number) => Code): Code {
  return [
    ...block,
    ...loop,
    // until no row is left
    ...[...get(rows), ...isZero, ...branchIf(1)],
    ...pairs.flatMap((pair) => [...zeroes, ...set(pair)]),
    ...[...get(query), ...set(at)],
    ...loop,
    ...pairs.flatMap((pair, index) => [...get(pair), ...term(index), ...add, ...set(pair)]),
    ...[...get(vectors), ...i32(4 * step), ...addI32, ...set(vectors)],
    ...[...get(at), ...i32(8 * step), ...addI32, ...set(at)],
    ...[...get(at), ...get(queryEnd), ...isBelow, ...branchIf(0)],
    ...end,
    ...[...get(pairs[0]!), ...get(pairs[1]!), ...add, ...get(pairs[2]!), ...get(pairs[3]!), ...add, ...add],
    ...set(difference),
    ...[...get(sums), ...get(difference), ...lane(0), ...get(difference), ...lane(1), ...addF64, ...storeF64],
    ...[...get(sums), ...i32(8), ...addI32, ...set(sums)],
    ...[...get(rows), ...i32(1), ...subtractI32, ...set(rows)],
    ...branch(0),
    ...end,
    ...end,
    ...end,
  ]
}

/** Both numbers of a pair. */
function operands(pair: number): Code {
  return [...get(at), ...loadTwoDoubles(16 * pair), ...get(vectors), ...loadTwoFloats(8 * pair), ...toDoubles]
}

const product = (pair: number): Code => [...operands(pair), ...multiply]

const square = (pair: number): Code => [
  ...operands(pair),
  ...subtract,
  ...set(difference),
  ...get(difference),
  ...get(difference),
  ...multiply,
]

function moduleBytes(): Code {
  const [i32Type, v128Type] = [0x7f, 0x7b]
  const locals: Code = [2, 1, i32Type, 5, v128Type]
  const code = (term: (pair: number) => Code): Code => sized([...locals, ...body(term)])
  return [
    ...[0, ...Buffer.from('asm'), 1, 0, 0, 0],
    // one type: five numbers, no result
    ...[1, ...sized([1, 0x60, 5, i32Type, i32Type, i32Type, i32Type, i32Type, 0])],
    // the memory comes from outside
    ...[2, ...sized([1, ...text('m'), ...text('m'), 2, 0, 1])],
    ...[3, ...sized([2, 0, 0])],
    ...[7, ...sized([2, ...text('products'), 0, 0, ...text('squares'), 0, 1])],
    ...[10, ...sized([2, ...code(product), ...code(square)])],
  ]
}

const text = (value: string): Code => sized([...Buffer.from(value)])

const sized = (code: Code): Code => [...unsigned(code.length), ...code]

function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** Of numbers from 0 only. */
function signed(value: number): Code {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)]
}
