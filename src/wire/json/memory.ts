import type { DataRequest } from '../data-request.js'

/** Shorter texts are parsed in little time, whatever they contain. */
const shortBytes = 16 * 1024

/** Longer ones take too long to parse on an event loop whatever they contain. */
const longBytes = 1024 * 1024

/** As are more values: so many empty documents take about 10 ms. */
const manyValues = 10_000

/** Bytes of an object, which may become a Document. */
const objectBytes = 400
/** Bytes of a list, without its values. */
const listBytes = 64
/** Bytes of a value in an object or a list. */
const valueBytes = 24
/** Bytes of the text itself as a string, for each byte of UTF-8. */
const textBytes = 2

const [openBrace, openBracket, comma, colon] = [0x7b, 0x5b, 0x2c, 0x3a]

/** What it takes to convert JSON. */
export interface Effort {
  /** Bytes, about; 0 unless it is long: the others are done at once, one after the other, and take too little to count. */
  readonly bytes: number
  /** Whether it would hold up an event loop: for more than about 10 ms. */
  readonly isLong: boolean
}

const little: Effort = { bytes: 0, isLong: false }

/** The effort of parsing a JSON text and making a request from it: `[],[],…` takes more than twenty times its length. */
export function readingEffort(text: Uint8Array): Effort {
  if (text.length <= shortBytes) return little
  let objects = 0
  let lists = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === openBrace) objects++
    else if (byte === openBracket) lists++
    else if (byte === comma || byte === colon) values++
  }
  if (text.length <= longBytes && values <= manyValues) return little
  const bytes = text.length * textBytes + objects * objectBytes + lists * listBytes + values * valueBytes
  return { bytes, isLong: true }
}

/** Letters of a float32 in JSON, with its comma, for each of its bytes. */
const writingFactor = 6

/** Letters of a Document without fields. */
const documentBytes = 300

/** Fewer bytes of documents are little effort, however many documents they are. */
const shortAnswerBytes = 4 * 1024

/** An answer that takes no more is written in less than about 10 ms. */
const longWritingBytes = 384 * 1024

/**
 * The effort of writing the documents of an answer as JSON: about the length of its text. While its parts are joined it takes
 * that twice, which is left to the headroom of the budget: only one large answer is written at a time.
 */
export function writingEffort(answer: Pick<DataRequest, 'data' | 'peekDocCount'>): Effort {
  const length = answer.data?.length ?? 0
  if (length <= shortAnswerBytes) return little
  const bytes = length * writingFactor + answer.peekDocCount() * documentBytes
  return bytes > longWritingBytes ? { bytes, isLong: true } : little
}
