// Products of rows of int16 with a query, in WebAssembly, eight numbers an instruction:
//
//   seek(rows, end, query, out, stride, threshold)
//
// looks at four rows after the other, from `rows` to `end`, for a product that is not below `threshold`, and gives where
// such four begin, or `end`. Their products, int32, are then at `out`. All but the threshold are addresses and lengths;
// rows and query are `stride` bytes long, a multiple of 16. Sums must fit into int32.

import {
  assemble,
  branchIf,
  type Code,
  type FunctionCode,
  get,
  i32,
  i32x4,
  leave,
  loop,
  set,
  v128,
  when,
} from './assembler.js'
import { type WasmMemory, webAssembly } from './webassembly.js'

export type Seek = (
  rows: number,
  end: number,
  query: number,
  out: number,
  stride: number,
  threshold: number,
) => number

/** The function on a memory. */
export function seekOn(memory: WasmMemory): Seek {
  const { exports } = new webAssembly.Instance(compiled(), { m: { m: memory } })
  return (exports as { readonly seek: Seek }).seek
}

let cached: object | undefined

const compiled = (): object => (cached ??= new webAssembly.Module(assemble([seek()])))

// numbers of parameters and locals
const [rows, end, query, out, stride, threshold] = [0, 1, 2, 3, 4, 5]
const [row2, row3, row4, at] = [6, 7, 8, 9]
const [sum1, sum2, sum3, sum4, part] = [10, 11, 12, 13, 14]

function seek(): FunctionCode {
  return { name: 'seek', parameters: 6, results: 1, locals: { int32: 4, vectors: 5 }, body: body() }
}

function body(): Code {
  const fours = loop(
    [sum1, sum2, sum3, sum4].flatMap((sum) => [...v128.zero, ...set(sum)]),
    [...get(rows), ...get(stride), ...i32.add, ...set(row2)],
    [...get(row2), ...get(stride), ...i32.add, ...set(row3)],
    [...get(row3), ...get(stride), ...i32.add, ...set(row4)],
    [...i32.constant(0), ...set(at)],
    loop(
      [...get(query), ...get(at), ...i32.add, ...v128.load, ...set(part)],
      accumulate(sum1, rows),
      accumulate(sum2, row2),
      accumulate(sum3, row3),
      accumulate(sum4, row4),
      [...get(at), ...i32.constant(16), ...i32.add, ...set(at)],
      [...get(at), ...get(stride), ...i32.isBelow, ...branchIf(0)],
    ),
    [...neighbours(sum1, sum2), ...set(sum1)],
    [...neighbours(sum3, sum4), ...set(sum3)],
    [...neighbours(sum1, sum3), ...set(sum1)],
    [...get(sum1), ...get(threshold), ...i32x4.spread, ...i32x4.isNotBelow, ...v128.anyTrue],
    when(get(out), get(sum1), v128.store, get(rows), leave),
    [...get(row4), ...get(stride), ...i32.add, ...set(rows)],
    [...get(rows), ...get(end), ...i32.isBelow, ...branchIf(0)],
  )
  return [...fours, ...get(end)]
}

function accumulate(sum: number, row: number): Code {
  const numbers = [...get(row), ...get(at), ...i32.add, ...v128.load]
  return [...get(sum), ...numbers, ...get(part), ...i32x4.dot, ...i32x4.add, ...set(sum)]
}

/** The sums of each two neighbours of two vectors. */
function neighbours(left: number, right: number): Code {
  const both = [...get(left), ...get(right)]
  return [...both, ...i32x4.pick(0, 2, 4, 6), ...both, ...i32x4.pick(1, 3, 5, 7), ...i32x4.add]
}
