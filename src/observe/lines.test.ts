import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readLines } from './lines.js'

async function linesOf(...chunks: (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough()
  const lines: string[] = []
  const done = readLines(stream, (line) => lines.push(line))
  for (const chunk of chunks) stream.write(chunk)
  stream.end()
  await done
  return lines
}

test('lines are cut at line feeds wherever the chunks end', async () => {
  expect(await linesOf('a', 'b\nc', '\r', '\n\nd')).toEqual(['ab', 'c', '', 'd'])
})

test('a character cut in two by a chunk is whole', async () => {
  const bytes = Buffer.from('Zürich\n')
  expect(await linesOf(bytes.subarray(0, 2), bytes.subarray(2))).toEqual(['Zürich'])
})

test('output without line feeds is cut before it fills the memory', async () => {
  const lines = await linesOf(...Array.from({ length: 100 }, () => 'x'.repeat(10_000)))
  expect(lines.length).toBeGreaterThan(5)
  expect(lines.join('')).toHaveLength(1_000_000)
})
