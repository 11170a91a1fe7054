import { pythonLower, pythonWords } from './python-text.js'
import { sortedByKey } from './radix-sort.js'
import {
  CHARACTERS_OF_HALF,
  CHARACTERS_OF_KEY,
  readKey,
  symbolOf,
  type WordKey,
  wordOfKey,
} from './word-key.js'

const ABSENT = -1
const encoder = new TextEncoder()

/**
 * Words and their ids, in order of first appearance. Short ASCII words, nearly all of an English text, are looked up by
 * their key in an open-addressing table, directly from the bytes of the text and without creating a string; all others
 * are strings in a Map.
 */
export class Vocabulary {
  #size = 0
  #slots = new Int32Array(32_768).fill(ABSENT)
  #high = new Int32Array(16_384)
  #low = new Int32Array(16_384)
  readonly #others = new Map<string, number>()
  readonly #wordOfOther = new Map<number, string>()
  readonly #key: WordKey = { high: 0, low: 0, exact: true }
  #bytes = new Uint8Array(4_096)
  #ids = new Int32Array(2_048)
  #closed = false

  get size(): number {
    return this.#size
  }

  /** From now on unknown words are ignored instead of added. */
  close(): void {
    this.#closed = true
  }

  /** The ids of the words of a text, in their order; a view that the next call overwrites. */
  idsOf(text: string): Int32Array {
    // a word has at least two characters, so there are never more words than characters
    if (this.#ids.length < text.length) this.#ids = new Int32Array(text.length * 2)
    if (this.#bytes.length < text.length) this.#bytes = new Uint8Array(text.length * 2)
    const { read, written } = encoder.encodeInto(text, this.#bytes)
    const isAscii = read === text.length && written === read
    return this.#ids.subarray(0, isAscii ? this.#idsOfAscii(text) : this.#idsOfUnicode(text))
  }

  /** All words by code point, as Python sorts strings: `order[column]` is the id of the word of that column. */
  sorted(): Int32Array {
    const order = sortedByKey(this.#high, this.#low, this.#size)
    for (let start = 0; start < order.length; ) {
      let end = start + 1
      while (end < order.length && this.#sameKey(order[start] as number, order[end] as number)) end++
      if (end - start > 1) {
        const words = Array.from(order.subarray(start, end), (id) => ({ id, word: this.wordOf(id) }))
        words.sort((a, b) => compareCodePoints(a.word, b.word))
        for (const [index, { id }] of words.entries()) order[start + index] = id
      }
      start = end
    }
    return order
  }

  wordOf(id: number): string {
    return this.#wordOfOther.get(id) ?? wordOfKey(this.#high[id] as number, this.#low[id] as number)
  }

  #sameKey(a: number, b: number): boolean {
    return this.#high[a] === this.#high[b] && this.#low[a] === this.#low[b]
  }

  #idsOfAscii(text: string): number {
    const bytes = this.#bytes
    const ids = this.#ids
    const end = text.length
    let count = 0
    let high = 0
    let low = 0
    let length = 0
    for (let index = 0; index <= end; index++) {
      const symbol = index < end ? (symbolOf[bytes[index] as number] as number) : 0
      if (symbol !== 0) {
        if (length < CHARACTERS_OF_HALF) high = (high << 6) | symbol
        else if (length < CHARACTERS_OF_KEY) low = (low << 6) | symbol
        length++
        continue
      }
      if (length > 1) {
        if (length < CHARACTERS_OF_HALF) high <<= 6 * (CHARACTERS_OF_HALF - length)
        else if (length < CHARACTERS_OF_KEY) low <<= 6 * (CHARACTERS_OF_KEY - length)
        const id =
          length <= CHARACTERS_OF_KEY
            ? this.#idOfKey(high, low)
            : this.#idOfOther(text.slice(index - length, index).toLowerCase(), high, low)
        if (id !== ABSENT) ids[count++] = id
      }
      high = 0
      low = 0
      length = 0
    }
    return count
  }

  #idsOfUnicode(text: string): number {
    let count = 0
    for (const word of pythonWords(pythonLower(text))) {
      readKey(word, this.#key)
      const { high, low, exact } = this.#key
      const id = exact ? this.#idOfKey(high, low) : this.#idOfOther(word, high, low)
      if (id !== ABSENT) this.#ids[count++] = id
    }
    return count
  }

  #idOfKey(high: number, low: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = slotOf(high, low) & mask
    for (let id = slots[slot] as number; id !== ABSENT; id = slots[slot] as number) {
      if (this.#high[id] === high && this.#low[id] === low) return id
      slot = (slot + 1) & mask
    }
    if (this.#closed) return ABSENT
    if (this.#size === this.#high.length) {
      this.#grow()
      return this.#idOfKey(high, low)
    }
    slots[slot] = this.#size
    return this.#add(high, low)
  }

  #idOfOther(word: string, high: number, low: number): number {
    const known = this.#others.get(word)
    if (known !== undefined) return known
    if (this.#closed) return ABSENT
    const id = this.#add(high, low)
    this.#others.set(word, id)
    this.#wordOfOther.set(id, word)
    return id
  }

  #add(high: number, low: number): number {
    if (this.#size === this.#high.length) this.#grow()
    this.#high[this.#size] = high
    this.#low[this.#size] = low
    return this.#size++
  }

  #grow(): void {
    this.#high = doubled(this.#high)
    this.#low = doubled(this.#low)
    const slots = new Int32Array(this.#slots.length * 2).fill(ABSENT)
    const mask = slots.length - 1
    for (const id of this.#slots) {
      if (id === ABSENT) continue
      let slot = slotOf(this.#high[id] as number, this.#low[id] as number) & mask
      while (slots[slot] !== ABSENT) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

function slotOf(high: number, low: number): number {
  const hash = Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b)
  return hash ^ (hash >>> 15)
}

/** Negative when `a` comes first. UTF-16 has the characters beyond U+FFFF before U+E000 … U+FFFF; code points do not. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}
