// Modules of WebAssembly as lists of instructions, which spares a compiler. The source of the codes is the WebAssembly Core
// Specification 2.0, 5.4 (instructions) and 5.5 (modules).

export type Code = readonly number[]

/** A function of int32 parameters. Parameters are locals 0 and up, then come those of `locals`: int32 first, vectors after. */
export interface FunctionCode {
  readonly name: string
  readonly parameters: number
  /** Of int32: 0 or 1. */
  readonly results: number
  readonly locals: { readonly int32: number; readonly vectors: number }
  readonly body: Code
}

/** A module that exports the functions; the memory they work on is imported as `m` of `m`. */
export function assemble(functions: readonly FunctionCode[]): Uint8Array {
  return Uint8Array.from([
    ...[0, ...Buffer.from('asm'), 1, 0, 0, 0],
    ...section(1, functions.map(typeOf)),
    ...section(2, [[...text('m'), ...text('m'), 2, 0, 1]]),
    ...section(
      3,
      functions.map((_, index) => [index]),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...text(name), 0, index]),
    ),
    ...section(10, functions.map(codeOf)),
  ])
}

export const get = (local: number): Code => [0x20, local]
export const set = (local: number): Code => [0x21, local]
export const block = (...body: readonly Code[]): Code => [0x02, 0x40, ...body.flat(), end]
export const loop = (...body: readonly Code[]): Code => [0x03, 0x40, ...body.flat(), end]
/** If what comes before is not 0. */
export const when = (...body: readonly Code[]): Code => [0x04, 0x40, ...body.flat(), end]
/** To the beginning of a loop or the end of a block, which is so many levels outside. */
export const branch = (depth: number): Code => [0x0c, depth]
export const branchIf = (depth: number): Code => [0x0d, depth]
export const leave: Code = [0x0f]

export const i32 = {
  /** From 0. */
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: [0x6a],
  subtract: [0x6b],
  isZero: [0x45],
  /** Without sign. */
  isBelow: [0x49],
} as const

export const f64 = { add: [0xa0], store: [0x39, 3, 0] } as const

/** 128 bits, as two doubles (`f64x2`), four int32 (`i32x4`) or eight int16. */
export const v128 = {
  zero: [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)],
  load: [0xfd, 0x00, 4, 0],
  store: [0xfd, 0x0b, 4, 0],
  anyTrue: [0xfd, 0x53],
} as const

export const f64x2 = {
  load: (offset: number): Code => [0xfd, 0x00, 3, offset],
  /** Two float32, in the lower half. */
  loadFloats: (offset: number): Code => [0xfd, 0x5d, 2, offset],
  fromFloats: [0xfd, 0x5f],
  add: [0xfd, 0xf0, 1],
  subtract: [0xfd, 0xf1, 1],
  multiply: [0xfd, 0xf2, 1],
  lane: (which: number): Code => [0xfd, 0x21, which],
} as const

export const i32x4 = {
  add: [0xfd, 0xae, 1],
  /** The products of eight int16, each two neighbours added. */
  dot: [0xfd, 0xba, 1],
  spread: [0xfd, 0x11],
  isNotBelow: [0xfd, 0x3f],
  /** Four of the eight numbers of two vectors. */
  pick: (...lanes: readonly number[]): Code => [
    ...[0xfd, 0x0d],
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  ],
} as const

const end = 0x0b
const [int32, vector] = [0x7f, 0x7b]

function typeOf({ parameters, results }: FunctionCode): Code {
  const all = (count: number): Code => [count, ...Array.from({ length: count }, () => int32)]
  return [0x60, ...all(parameters), ...all(results)]
}

function codeOf({ locals, body }: FunctionCode): Code {
  return sized([2, locals.int32, int32, locals.vectors, vector, ...body, end])
}

function section(id: number, entries: readonly Code[]): Code {
  return [id, ...sized([entries.length, ...entries.flat()])]
}

const text = (value: string): Code => sized([...Buffer.from(value)])

const sized = (code: Code): Code => [...unsigned(code.length), ...code]

/** LEB128, as are the signed ones. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** Of numbers from 0 only. */
function signed(value: number): Code {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)]
}
