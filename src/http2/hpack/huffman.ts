/**
 * Bits of the code of each of the 256 symbols, `LENGTH*TIMES` for equal neighbours (RFC 7541, appendix B). The code is
 * canonical: codes of one length are consecutive numbers in the order of their symbols, and shorter codes come first.
 */
const lengths: readonly number[] = (
  '13 23 28*7 24 30 28*2 30 28*8 30 28*9 6 10*2 12 13 6 8 11 10*2 8 11 8 6*3 5*3 6*7 7 8 15 6 12 10 13 6 7*22 8 7 8 13 19 13 14 6 ' +
  '15 5 6 5 6 5 6*3 5 7*2 6*3 5 6 7 6 5*2 6 7*5 15 11 14 13 28 20 22 20*2 22*3 23 22 23*5 24 23 24*2 22 23 24 23*4 21 22 23 22 23*2 ' +
  '24 22 21 20 22*2 23*2 21 23 22*2 24 21 22 23*2 21*2 22 21 23 22 23*2 20 22*3 23 22*2 23 26*2 20 19 22 23 22 25 26*3 27*2 26 24 25 ' +
  '19 21 26 27*2 26 27 24 21*2 26*2 28 27*3 20 24 20 21 22 21*2 23 22*2 25*2 24*2 26 23 26 27 26*2 27*5 28 27*5 26'
)
  .split(' ')
  .flatMap((run) => {
    const [length = 0, times = 1] = run.split('*').map(Number)
    return Array.from({ length: times }, () => length)
  })

/** Bits that one step of the decoder reads. */
const stepBits = 4
const steps = 1 << stepBits

/** At most so many bits of padding, all ones, may follow the last symbol (RFC 7541, 5.2). */
const mostPadding = 7

/** The end-of-string symbol: 30 ones. It must not occur in a string. */
const endOfString = { length: 30, symbol: 256 } as const

const failed = 0xffff
const noSymbol = 0xffff

/** A decoder as a table: for each state and each four bits, the next state and the symbol that they complete. */
interface Automaton {
  readonly next: Uint16Array
  readonly symbol: Uint16Array
  /** For each state, whether a string may end in it. */
  readonly accepts: Uint8Array
}

/** A node of the code's tree: children by bit; a leaf has a symbol. */
interface Node {
  readonly state: number
  readonly children: [Node | undefined, Node | undefined]
  symbol: number
}

const automaton: Automaton = compile()

/**
 * Decodes `from` to `to` of `bytes` into `out`, which has room for 8/5 of them.
 *
 * @returns the number of bytes decoded, or -1 when the code is wrong
 */
export function decodeHuffman(bytes: Buffer, range: readonly [number, number], out: Buffer): number {
  const { next, symbol, accepts } = automaton
  let state = 0
  let length = 0
  for (let at = range[0]; at < range[1]; at++) {
    const byte = bytes[at]!
    for (let half = 0; half < 2; half++) {
      const step = state * steps + (half === 0 ? byte >> stepBits : byte & (steps - 1))
      state = next[step]!
      if (state === failed) return -1
      const found = symbol[step]!
      if (found !== noSymbol) out[length++] = found
    }
  }
  return accepts[state] === 1 ? length : -1
}

function compile(): Automaton {
  const nodes = tree()
  const next = new Uint16Array(nodes.length * steps)
  const symbol = new Uint16Array(nodes.length * steps).fill(noSymbol)
  for (const node of nodes) {
    for (let bits = 0; bits < steps; bits++) {
      const step = node.state * steps + bits
      next[step] = walk(node, bits, (found) => (symbol[step] = found))
    }
  }
  const accepts = new Uint8Array(nodes.length)
  let padded: Node | undefined = nodes[0]
  for (let ones = 0; ones <= mostPadding; ones++) {
    accepts[padded!.state] = 1
    padded = padded!.children[1]
  }
  return { next, symbol, accepts }
  function walk(from: Node, bits: number, emit: (symbol: number) => void): number {
    let node = from
    for (let bit = stepBits - 1; bit >= 0; bit--) {
      const child = node.children[((bits >> bit) & 1) as 0 | 1]
      if (child === undefined || child.symbol === endOfString.symbol) return failed
      if (child.symbol !== noSymbol) emit(child.symbol)
      node = child.symbol === noSymbol ? child : nodes[0]!
    }
    return node.state
  }
}

/** The inner nodes of the code's tree, the root first. */
function tree(): readonly Node[] {
  const nodes: Node[] = []
  const inner = (): Node => {
    const node: Node = { state: nodes.length, children: [undefined, undefined], symbol: noSymbol }
    nodes.push(node)
    return node
  }
  const root = inner()
  const symbols = lengths.map((length, symbol) => ({ length, symbol }))
  const ordered = [...symbols.toSorted((a, b) => a.length - b.length || a.symbol - b.symbol), endOfString]
  let code = 0
  let bits = 0
  for (const { length, symbol } of ordered) {
    code = symbol === endOfString.symbol ? 2 ** endOfString.length - 1 : code << (length - bits)
    bits = length
    let node = root
    for (let bit = length - 1; bit > 0; bit--) {
      const side = ((code >> bit) & 1) as 0 | 1
      node = node.children[side] ??= inner()
    }
    node.children[(code & 1) as 0 | 1] = { state: -1, children: [undefined, undefined], symbol }
    code++
  }
  return nodes
}
