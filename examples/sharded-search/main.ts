import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CorpusError } from '../scale-out/corpus/corpus-error.js'
import { loadCorpus } from '../scale-out/corpus/corpus.js'
import { type ExampleOptions, help, parseOptions, UsageError } from './options.js'
import { tutorial } from './tutorial.js'

try {
  await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  const isOurs = error instanceof UsageError || error instanceof CorpusError
  console.error(isOurs ? `${error.message}\nSee npm run sharded-search -- --help` : error)
  process.exitCode = isOurs ? 2 : 1
}

async function main(options: ExampleOptions): Promise<void> {
  if (options.help) return console.log(help)
  const corpus = await loadCorpus({ file: options.corpus, generated: options.generated })
  if (corpus.notice !== undefined) console.log(corpus.notice)
  const posts = corpus.texts.slice(0, options.documents)
  console.log(`Corpus: ${corpus.source}, the first ${posts.length} of ${corpus.texts.length} documents`)
  const workspace = await mkdtemp(path.join(tmpdir(), 'sharded-search-'))
  try {
    await tutorial({ posts, workspace, say: (line) => console.log(line) })
  } finally {
    await rm(workspace, { recursive: true, force: true })
  }
}
