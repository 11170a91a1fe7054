import { expect, it } from 'vitest'
import { Document, DocumentArray } from '../../document/index.js'
import { DataRequest } from '../data-request.js'
import { convert } from './convert.js'
import { readingEffort, writingEffort } from './memory.js'

function answerOf(...documents: readonly Document[]): DataRequest {
  const docs = new DocumentArray(documents)
  return DataRequest.decode(DataRequest.create({ endpoint: '/', docs }).encode())
}

it('short texts are little effort', () => {
  expect(readingEffort(Buffer.from('[[],[]]'))).toEqual({ bytes: 0, isLong: false })
  expect(writingEffort(answerOf(new Document({ text: 'a' })))).toEqual({ bytes: 0, isLong: false })
})

it('many small values take many times the bytes of their text', () => {
  const text = Buffer.from(`[${'[],'.repeat(1_000_000)}1]`)
  const { bytes, isLong } = readingEffort(text)
  expect(bytes).toBeGreaterThan(20 * text.length)
  expect(isLong).toBe(true)
})

it('one long string takes little more than its text, and some time', () => {
  const of = (bytes: number) => readingEffort(Buffer.from(`["${'a'.repeat(bytes)}"]`))
  expect(of(2_000_000).bytes).toBeLessThan(2.1 * 2_000_000)
  expect(of(2_000_000).isLong).toBe(true)
  expect(of(200_000).isLong).toBe(false)
})

it('a short text with many values takes long, and one with few does not', () => {
  const of = (values: number) => readingEffort(Buffer.from(`[${' '.repeat(70_000)}${'1,'.repeat(values)}1]`))
  expect([of(9000).isLong, of(11_000).isLong]).toEqual([false, true])
})

it('the text of an answer is no longer than was reserved for it', () => {
  for (const answer of [
    answerOf(...Array.from({ length: 5000 }, (_, index) => new Document({ id: `${index}` }))),
    answerOf(new Document({ embedding: new Float32Array(100_000).map(() => Math.random() * 1e-20) })),
    answerOf(new Document({ blob: new Uint8Array(100_000) })),
  ]) {
    const { bytes, isLong } = writingEffort(answer)
    expect(isLong).toBe(true)
    const text = convert({ kind: 'write', answer: answer.encode() })
    expect(text.length).toBeLessThan(bytes)
  }
})
