import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { UsageError } from './usage-error.js'

/** Where the documents of a call come from; at most one of these may be given. */
export interface InputArguments {
  /** Each is the text of a document. */
  readonly texts: readonly string[]
  /** JSON, `@FILE` or `-` for standard input. */
  readonly data: string | undefined
  /** Each file is the blob of a document. */
  readonly files: readonly string[]
}

/** The documents of a call. @throws UsageError, MillraceError */
export async function readInputs({ texts, data, files }: InputArguments): Promise<readonly Document[]> {
  const sources = [texts.length > 0, data !== undefined, files.length > 0].filter(Boolean).length
  if (sources > 1) throw new UsageError('Give texts, --data or --file, and not several of them.')
  if (data !== undefined) return documentsIn(await dataText(data))
  if (files.length > 0) return Promise.all(files.map(documentOfFile))
  return texts.map((text) => new Document({ text }))
}

async function documentOfFile(path: string): Promise<Document> {
  return new Document({ uri: pathToFileURL(path).href, blob: await readOrRefuse('--file', path) })
}

async function dataText(data: string): Promise<string> {
  if (data === '-') return readAll(process.stdin)
  if (!data.startsWith('@')) return data
  return (await readOrRefuse('--data', data.slice(1))).toString('utf8')
}

async function readOrRefuse(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`${option}: ${path} cannot be read: ${(error as Error).message}.`)
  }
}

/** A document, a list of documents, or one document a line, in the format of `Document.fromJSON`. */
function documentsIn(text: string): readonly Document[] {
  const whole = parsed(text)
  const values = whole === undefined ? lines(text) : [whole].flat()
  return values.map((value, index) => {
    if (typeof value === 'string') return new Document({ text: value })
    try {
      return Document.fromJSON(value)
    } catch (error) {
      throw new UsageError(`--data: document ${index}: ${MillraceError.from(error).message}`)
    }
  })
}

function lines(text: string): readonly unknown[] {
  const given = text.split('\n').filter((line) => line.trim() !== '')
  return given.map((line, index) => {
    const value = parsed(line)
    if (value !== undefined) return value
    throw new UsageError(
      `--data must be a document in JSON, a list of them, or one a line; line ${index + 1} is no JSON: ${line.slice(0, 60)}`,
    )
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
