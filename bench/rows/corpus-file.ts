import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'

import { DOCUMENTS, generateCorpus } from '../../examples/scale-out/corpus/generate.js'
import { repositoryPath } from '../measure/peers.js'

export { DOCUMENTS }

/** The built-in corpus as a file of JSON lines, which both sides read; written once. */
export function corpusFile(): string {
  const path = repositoryPath('.cache/bench/corpus.jsonl')
  if (existsSync(path)) return path
  mkdirSync(repositoryPath('.cache/bench'), { recursive: true })
  const lines = Array.from(generateCorpus(), (text) => JSON.stringify({ text }))
  writeFileSync(`${path}.new`, `${lines.join('\n')}\n`)
  renameSync(`${path}.new`, path)
  return path
}
