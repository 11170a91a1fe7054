import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readJsonLines, writeJsonLines } from './json-lines.js'

let file: string
beforeEach(async () => {
  file = path.join(await mkdtemp(path.join(tmpdir(), 'lines-')), 'corpus.jsonl')
})
afterEach(() => rm(path.dirname(file), { recursive: true }))

describe('readJsonLines', () => {
  it('accepts strings and objects with a text, and skips empty lines', async () => {
    await writeFile(file, '"one"\n\n{"text": "two\\nlines", "id": 7}\r\n"\\u2028"')
    expect(await readJsonLines(file)).toEqual(['one', 'two\nlines', '\u2028'])
  })

  it('reads what was written', async () => {
    const texts = ['', 'a "quoted"\nline', 'größe 😀 \u2028 \ud800', ...Array.from({ length: 2500 }, String)]
    await writeJsonLines(file, texts)
    expect(await readJsonLines(file)).toEqual(texts)
    expect((await readFile(file, 'utf8')).split('\n')[1]).toBe('{"text":"a \\"quoted\\"\\nline"}')
  })

  it.each([
    ['{"text": 1}', 'came number'],
    ['["one"]', 'came object'],
    ['{"body": "one"}', 'came object'],
    ['null', 'came object'],
    ['one', 'came no JSON'],
  ])('says which line is wrong and why: %s', async (line, reason) => {
    await writeFile(file, `"fine"\n${line}\n`)
    await expect(readJsonLines(file)).rejects.toThrow(
      `${file}:2: expected a JSON string or {"text": …}, ${reason}`,
    )
  })

  it('refuses a file without texts, and a missing file', async () => {
    await writeFile(file, '\n\n')
    await expect(readJsonLines(file)).rejects.toThrow('has no texts')
    await expect(readJsonLines(`${file}.none`)).rejects.toThrow('ENOENT')
  })
})
