import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readNewsgroups } from './newsgroups.js'
import { tar } from './tar.fixture.js'

const documents: Record<string, Buffer> = {
  'sci.space/200': Buffer.from('space two'),
  'alt.atheism/49960': Buffer.from('caf\xe9 \x80', 'latin1'),
  'sci.space/1000': Buffer.from('space one\r\n'),
}

/** By group, by file name as text, and then shuffled as numpy does: 2, 1, 0 after 0 and once more after 1. */
const expected = ['space two', 'café \x80', 'space one\r\n']

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'newsgroups-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function writeArchive(archive: Buffer): Promise<string> {
  await writeFile(path.join(folder, '20news-bydate.tar.gz'), archive)
  return createHash('sha256').update(archive).digest('hex')
}

function packed(): Buffer {
  const train = Object.entries(documents).map(([name, text]) => [`20news-bydate-train/${name}`, text])
  const others = [
    ['20news-bydate-test/alt.atheism/1', 'not for training'],
    ['20news-bydate-train/../../evil', 'out of the folder'],
  ]
  return gzipSync(tar(Object.fromEntries([...train, ...others])))
}

describe('readNewsgroups', () => {
  it('reads the training texts out of the archive, one character a byte', async () => {
    const sha256 = await writeArchive(packed())
    const texts = (await readNewsgroups(folder, sha256)) as string[]
    expect(texts.toSorted()).toEqual(expected.toSorted())
  })

  it('reads the same texts in the same order from an unpacked folder, or its parent', async () => {
    const train = path.join(folder, '20news-bydate-train')
    for (const [name, text] of Object.entries(documents)) {
      await mkdir(path.dirname(path.join(train, name)), { recursive: true })
      await writeFile(path.join(train, name), text)
    }
    const texts = await readNewsgroups(folder)
    expect(await readNewsgroups(train)).toEqual(texts)
    await rm(train, { recursive: true })
    const sha256 = await writeArchive(packed())
    expect(await readNewsgroups(folder, sha256)).toEqual(texts)
  })

  it('finds nothing in an empty folder, or in none', async () => {
    expect(await readNewsgroups(folder)).toBeUndefined()
    expect(await readNewsgroups(path.join(folder, 'none'))).toBeUndefined()
  })

  it('refuses an archive with another checksum', async () => {
    await writeArchive(packed())
    await expect(readNewsgroups(folder)).rejects.toThrow(
      /not the expected archive: SHA-256 should be 8f1b2514/,
    )
  })

  it('reports an archive that cannot be unpacked', async () => {
    const broken = await writeArchive(packed().subarray(0, 150))
    await expect(readNewsgroups(folder, broken)).rejects.toThrow('cannot be unpacked')
  })
})
