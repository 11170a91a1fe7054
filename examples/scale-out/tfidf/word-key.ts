/**
 * The first ten characters of a lower-case word as two integers of 30 bits, five characters each, six bits per character.
 * Keys compare like the words: digits, `_`, letters, and then everything beyond ASCII; a missing character is 0. The key
 * ends with the first character beyond ASCII, because all of these have the same six bits.
 */
export const CHARACTERS_OF_HALF = 5
export const CHARACTERS_OF_KEY = 10

/** Whether the key determines the word: it has up to ten ASCII characters. */
export interface WordKey {
  high: number
  low: number
  exact: boolean
}

const alphabet = '0123456789_abcdefghijklmnopqrstuvwxyz'
const BEYOND_ASCII = alphabet.length + 1

/** The six bits of each ASCII character, 0 for characters that are not part of words. Upper case equals lower case. */
export const symbolOf: Uint8Array = new Uint8Array(256)
for (const [index, character] of Array.from(alphabet).entries()) {
  symbolOf[character.charCodeAt(0)] = index + 1
  symbolOf[character.toUpperCase().charCodeAt(0)] = index + 1
}

/** Writes the key of a lower-case word to `key`: one object can serve many words. */
export function readKey(word: string, key: WordKey): void {
  const half = [0, 0]
  let ascii = true
  for (let index = 0; index < CHARACTERS_OF_KEY; index++) {
    const code = ascii && index < word.length ? word.charCodeAt(index) : undefined
    if (code !== undefined && code > 127) ascii = false
    const symbol = code === undefined ? 0 : code > 127 ? BEYOND_ASCII : (symbolOf[code] as number)
    const which = index < CHARACTERS_OF_HALF ? 0 : 1
    half[which] = ((half[which] as number) << 6) | symbol
  }
  key.high = half[0] as number
  key.low = half[1] as number
  key.exact = ascii && word.length <= CHARACTERS_OF_KEY
}

/** The word of an exact key. */
export function wordOfKey(high: number, low: number): string {
  let word = ''
  for (const half of [high, low]) {
    for (let shift = 24; shift >= 0; shift -= 6) {
      const symbol = (half >>> shift) & 63
      if (symbol !== 0) word += alphabet[symbol - 1]
    }
  }
  return word
}
