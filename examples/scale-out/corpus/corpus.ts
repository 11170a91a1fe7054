import { cacheFolder, downloadNewsgroups } from './download.js'
import { CorpusError } from './corpus-error.js'
import { generateCorpus } from './generate.js'
import { readJsonLines } from './json-lines.js'
import { ARCHIVE, readNewsgroups } from './newsgroups.js'

export interface CorpusOptions {
  /** A file with one JSON string or `{"text": …}` per line. */
  readonly file?: string | undefined
  /** A folder with the archive of 20newsgroups, packed or unpacked. */
  readonly folder?: string | undefined
  /** Uses the built-in corpus without looking for the real one. Default false. */
  readonly generated?: boolean
  /** Where a downloaded archive is kept. Default: the user's cache folder. */
  readonly cache?: string
}

export interface Corpus {
  readonly texts: readonly string[]
  /** A short description. */
  readonly source: string
  /** Why it is not the real corpus, if that was requested. */
  readonly notice?: string
}

/**
 * The requested corpus. By default: the real 20newsgroups from the cache or the network, or the built-in one, with a
 * notice, when that is not available. Throws a CorpusError for a file or folder that cannot be used.
 */
export async function loadCorpus(options: CorpusOptions = {}): Promise<Corpus> {
  const { file, folder, generated = false, cache = cacheFolder() } = options
  if (file !== undefined) return { texts: await readJsonLines(file), source: file }
  if (folder !== undefined) return { texts: await fromFolder(folder), source: `20newsgroups in ${folder}` }
  if (generated) return builtIn()
  try {
    let texts = await readNewsgroups(cache)
    if (texts === undefined) {
      await downloadNewsgroups(cache)
      texts = await fromFolder(cache)
    }
    return { texts, source: '20newsgroups' }
  } catch (error) {
    if (!(error instanceof CorpusError)) throw error
    return { ...builtIn(), notice: `${error.message}. Using the built-in corpus of the same shape instead.` }
  }
}

async function fromFolder(folder: string): Promise<string[]> {
  const texts = await readNewsgroups(folder)
  if (texts === undefined) {
    throw new CorpusError(
      `${folder} has no 20newsgroups: expected ${ARCHIVE.name} (from ${ARCHIVE.url}) or the folder it unpacks to`,
    )
  }
  return texts
}

function builtIn(): Corpus {
  return { texts: [...generateCorpus()], source: 'built-in corpus in the shape of 20newsgroups' }
}
