/** Smaller texts take too little to count: parsing is synchronous, so that there is one at a time. */
const smallBytes = 1024 * 1024

/** Bytes of an object or a list, without its values. */
const containerBytes = 64
/** Bytes of a value in an object or a list. */
const valueBytes = 24
/** Bytes of the text itself as a string, for each byte of UTF-8. */
const textBytes = 2

const [openBrace, openBracket, comma, colon] = [0x7b, 0x5b, 0x2c, 0x3a]

/**
 * About how many bytes a JSON text takes while it is parsed: `[],[],…` takes more than twenty times its length. 0 for a text
 * of up to 1 MiB.
 */
export function parsingBytes(text: Uint8Array): number {
  if (text.length <= smallBytes) return 0
  let containers = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === openBrace || byte === openBracket) containers++
    else if (byte === comma || byte === colon) values++
  }
  return text.length * textBytes + containers * containerBytes + values * valueBytes
}

/** Letters of a float32 in JSON, with its comma, for each of its bytes, and about as much as values in lists. */
const writingFactor = 6

/** About how many bytes it takes to write documents of this many bytes as JSON. 0 for up to 1 MiB. */
export function writingBytes(documentBytes: number): number {
  return documentBytes <= smallBytes ? 0 : documentBytes * writingFactor
}
