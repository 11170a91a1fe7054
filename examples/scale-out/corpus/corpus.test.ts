import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadCorpus } from './corpus.js'
import { CorpusError } from './corpus-error.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'corpus-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('loadCorpus', () => {
  it('reads the file it is given', async () => {
    const file = path.join(folder, 'own.jsonl')
    await writeFile(file, '"one"\n{"text":"two"}\n')
    expect(await loadCorpus({ file })).toEqual({ texts: ['one', 'two'], source: file })
  })

  it('refuses a folder without the archive, and says what should be in it', async () => {
    const loading = loadCorpus({ folder })
    await expect(loading).rejects.toThrow(
      `${folder} has no 20newsgroups: expected 20news-bydate.tar.gz (from https://`,
    )
    await expect(loading).rejects.toBeInstanceOf(CorpusError)
  })

  it('uses the built-in corpus when asked to', async () => {
    const { texts, source, notice } = await loadCorpus({ generated: true })
    expect(texts).toHaveLength(11_314)
    expect(source).toContain('built-in')
    expect(notice).toBeUndefined()
  })

  it('uses the built-in corpus when the real one is not available, and says why', async () => {
    await writeFile(path.join(folder, '20news-bydate.tar.gz'), 'not it')
    const { texts, notice } = await loadCorpus({ cache: folder })
    expect(texts).toHaveLength(11_314)
    expect(notice).toMatch(/is not the expected archive.*built-in corpus/)
  })
})
