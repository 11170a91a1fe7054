import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { CorpusError } from './corpus-error.js'

/** Texts of a file with one JSON string or `{"text": …}` per line; empty lines are skipped. Throws a CorpusError. */
export async function readJsonLines(file: string): Promise<string[]> {
  const texts: string[] = []
  let number = 0
  try {
    await using opened = await open(file)
    for await (const line of linesOf(opened.createReadStream({ encoding: 'utf8' }))) {
      number++
      if (line.trim() !== '') texts.push(textOf(line, `${file}:${number}`))
    }
  } catch (error) {
    if (error instanceof CorpusError) throw error
    throw new CorpusError(`${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  if (texts.length === 0) throw new CorpusError(`${file} has no texts: expected one JSON value a line`)
  return texts
}

/** Writes texts as `{"text": …}`, one per line, so that programs in other languages can read the same corpus. */
export async function writeJsonLines(file: string, texts: readonly string[]): Promise<void> {
  await using opened = await open(file, 'w')
  for (let start = 0; start < texts.length; start += 1_000) {
    const lines = texts.slice(start, start + 1_000).map((text) => `${JSON.stringify({ text })}\n`)
    await opened.appendFile(lines.join(''))
  }
}

/**
 * Splits at line feeds. `node:readline` cannot be used: since Node 24 it also splits at U+2028 and U+2029, which JSON
 * strings may contain.
 */
async function* linesOf(stream: Readable): AsyncGenerator<string, void> {
  let rest = ''
  for await (const text of stream as AsyncIterable<string>) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}

function textOf(line: string, where: string): string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new CorpusError(`${where}: expected a JSON string or {"text": …}, came no JSON`)
  }
  const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : value
  if (typeof text !== 'string')
    throw new CorpusError(`${where}: expected a JSON string or {"text": …}, came ${typeof text}`)
  return text
}
