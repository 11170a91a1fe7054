import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { createGunzip } from 'node:zlib'
import { CorpusError } from './corpus-error.js'
import { numpyShuffled } from './numpy-shuffle.js'
import { readTar } from './tar.js'

/** The archive that scikit-learn uses: 20newsgroups, split by date. */
export const ARCHIVE = {
  name: '20news-bydate.tar.gz',
  url: 'https://ndownloader.figshare.com/files/5975967',
  sha256: '8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610',
} as const

const TRAIN = '20news-bydate-train'
const limits = { maxFileBytes: 4 * 2 ** 20, maxBytes: 256 * 2 ** 20 }

/** Texts by group and file name. */
type Groups = Map<string, Map<string, string>>

/**
 * The training texts in a folder with the archive, or with its unpacked content; undefined when it has neither. They have
 * the order of `fetch_20newsgroups(shuffle=True, random_state=1)`, as in the tutorial. Throws a CorpusError when the
 * archive's checksum is not the known one.
 */
export async function readNewsgroups(
  folder: string,
  sha256: string = ARCHIVE.sha256,
): Promise<string[] | undefined> {
  for (const unpacked of [path.join(folder, TRAIN), folder]) {
    if (await isFolder(path.join(unpacked, 'alt.atheism'))) return inOrder(await readUnpacked(unpacked))
  }
  const archive = path.join(folder, ARCHIVE.name)
  const found = await stat(archive).catch(() => undefined)
  if (!found?.isFile()) return undefined
  await verify(archive, sha256)
  return inOrder(await readArchive(archive))
}

/** Throws a CorpusError unless a file has the expected SHA-256. */
async function verify(file: string, sha256: string): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  const found = hash.digest('hex')
  if (found !== sha256) {
    throw new CorpusError(`${file} is not the expected archive: SHA-256 should be ${sha256}, is ${found}`)
  }
}

async function readArchive(archive: string): Promise<Groups> {
  const groups: Groups = new Map()
  const file = createReadStream(archive)
  const unzipped = createGunzip()
  file.on('error', (error) => unzipped.destroy(error))
  try {
    for await (const { name, content } of readTar(file.pipe(unzipped) as AsyncIterable<Buffer>, limits)) {
      const [, group, document] = new RegExp(`^(?:\\./)?${TRAIN}/([^/]+)/([^/]+)$`).exec(name) ?? []
      if (group !== undefined && document !== undefined) add(groups, group, document, content)
    }
  } catch (error) {
    if (error instanceof CorpusError) throw error
    throw new CorpusError(`${archive} cannot be unpacked: ${(error as Error).message}`, { cause: error })
  } finally {
    file.destroy()
    unzipped.destroy()
  }
  return groups
}

async function readUnpacked(folder: string): Promise<Groups> {
  const groups: Groups = new Map()
  for (const group of await readdir(folder, { withFileTypes: true })) {
    if (!group.isDirectory()) continue
    const documents = await readdir(path.join(folder, group.name), { withFileTypes: true })
    const files = documents.filter((document) => document.isFile())
    const contents = await Promise.all(files.map(({ name }) => readFile(path.join(folder, group.name, name))))
    for (const [index, content] of contents.entries())
      add(groups, group.name, (files[index] as { name: string }).name, content)
  }
  return groups
}

function add(groups: Groups, group: string, document: string, content: Buffer): void {
  const texts = groups.get(group) ?? new Map<string, string>()
  // as scikit-learn: every byte is one character
  groups.set(group, texts.set(document, content.toString('latin1')))
}

/** scikit-learn sorts groups and files by name, shuffles what it caches with seed 0, and the tutorial shuffles that with seed 1. */
function inOrder(groups: Groups): string[] {
  const sorted = byName(groups).flatMap((texts) => byName(texts))
  const cached = numpyShuffled(sorted.length, 0)
  return Array.from(numpyShuffled(sorted.length, 1), (index) => sorted[cached[index] as number] as string)
}

function byName<Value>(entries: Map<string, Value>): Value[] {
  return [...entries.keys()].sort().map((name) => entries.get(name) as Value)
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() ?? false
}
