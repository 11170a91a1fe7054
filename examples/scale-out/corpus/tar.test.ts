import { describe, expect, it } from 'vitest'
import { readTar, type TarFile } from './tar.js'
import { tar } from './tar.fixture.js'

const limits = { maxFileBytes: 10_000, maxBytes: 100_000 }

async function* inPieces(archive: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < archive.length; start += size) yield archive.subarray(start, start + size)
}

async function read(archive: Buffer, options = limits, pieceSize = 1000): Promise<TarFile[]> {
  const files: TarFile[] = []
  for await (const file of readTar(inPieces(archive, pieceSize), options)) files.push(file)
  return files
}

describe('readTar', () => {
  it.each([1, 7, 512, 100_000])('gives names and contents for any chunk size (%i)', async (size) => {
    const files = await read(
      tar({ 'a/one': 'first', 'a/empty': '', 'b/two': 'x'.repeat(1500) }),
      limits,
      size,
    )
    expect(files.map(({ name, content }) => [name, content.toString()])).toEqual([
      ['a/one', 'first'],
      ['a/empty', ''],
      ['b/two', 'x'.repeat(1500)],
    ])
  })

  it('skips folders and links', async () => {
    const archive = tar({ folder: { type: '5' }, link: { type: '2' }, file: 'text' })
    expect((await read(archive)).map(({ name }) => name)).toEqual(['file'])
  })

  it('refuses files and archives beyond the limits', async () => {
    const archive = tar({ one: 'x'.repeat(5000), two: 'x'.repeat(5000) })
    await expect(read(archive, { ...limits, maxFileBytes: 4999 })).rejects.toThrow(
      'a file of 5000 bytes: one',
    )
    await expect(read(archive, { ...limits, maxBytes: 9000 })).rejects.toThrow('more than 9000 bytes')
  })

  it('refuses a truncated archive and other data', async () => {
    const archive = tar({ one: 'x'.repeat(5000) })
    await expect(read(archive.subarray(0, 3000))).rejects.toThrow('ends in the middle')
    await expect(read(Buffer.alloc(1024, 'no tar'))).rejects.toThrow('no tar archive')
  })
})
