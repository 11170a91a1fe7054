import { Document, DocumentArray, type NdArray } from 'millrace'
import { describe, expect, it } from 'vitest'
import { generateCorpus } from '../scale-out/corpus/generate.js'
import { countDocuments, inverseFrequencies } from './document-frequencies.js'
import { Encoder } from './encoder.js'
import { COLUMNS, countColumns } from './hashed-words.js'

const texts = [...generateCorpus(200)]
const frequencies = countDocuments(texts)

function encode(...given: string[]): Float32Array[] {
  const docs = new DocumentArray(given.map((text) => new Document({ text })))
  new Encoder({ frequencies }).encode(docs)
  return [...docs].map(({ embedding }) => (embedding as NdArray).data as Float32Array)
}

function product(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < one.length; at++) sum += one[at]! * other[at]!
  return sum
}

const idf = inverseFrequencies(frequencies)

/** The vector before projection, of length 1. */
function weightsOf(text: string): Float64Array {
  const weights = new Float64Array(COLUMNS)
  for (const [column, count] of countColumns(text)) weights[column] = count * idf[column]!
  const length = Math.sqrt(product(weights, weights))
  return weights.map((weight) => weight / length)
}

describe('the encoder', () => {
  it('gives a text the same embedding in every replica', () => {
    expect(encode(texts[0]!)).toEqual(encode(texts[0]!))
    expect(encode(texts[0]!)[0]).toHaveLength(128)
  })

  it('keeps the angles between tf-idf rows', () => {
    const some = texts.slice(0, 20)
    const short = encode(...some)
    const long = some.map(weightsOf)
    const pairs = some.flatMap((_, one) => some.slice(0, one).map((_, other) => [one, other] as const))
    const squares = pairs.map(
      ([one, other]) => (product(short[one]!, short[other]!) - product(long[one]!, long[other]!)) ** 2,
    )
    const deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
    // the error of a mean of 128 random signs, and a little more
    expect(deviation).toBeLessThan(1.3 / Math.sqrt(128))
  })

  it('gives words in more documents a lower weight', () => {
    const { byColumn, documents } = frequencies
    expect(documents).toBe(200)
    const common = byColumn.indexOf(Math.max(...byColumn))
    expect(Math.min(...idf)).toBe(idf[common])
  })

  it('gives a text without words a zero vector', () => {
    expect(encode('')[0]!.every((value) => value === 0)).toBe(true)
  })
})
