import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CorpusError } from '../scale-out/corpus/corpus-error.js'
import { loadCorpus } from '../scale-out/corpus/corpus.js'
import { helpOf, parseOptions, UsageError } from './options.js'

export interface Posts {
  readonly posts: readonly string[]
  /** A new folder, which is removed afterwards. */
  readonly workspace: string
  say(line: string): void
}

export interface Command {
  /** Its name in `npm run`. */
  readonly command: string
  /** What it does, in a sentence. */
  readonly does: string
}

/** Runs an example on the posts that the command line asks for. */
export async function runOnPosts(
  example: (posts: Posts) => Promise<void>,
  { command, does }: Command,
): Promise<void> {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options.help) return console.log(helpOf(command, does))
    const corpus = await loadCorpus({ file: options.corpus, generated: options.generated })
    if (corpus.notice !== undefined) console.log(corpus.notice)
    const posts = corpus.texts.slice(0, options.documents)
    console.log(`Corpus: ${corpus.source}, the first ${posts.length} of ${corpus.texts.length} documents`)
    const workspace = await mkdtemp(path.join(tmpdir(), `${command}-`))
    try {
      await example({ posts, workspace, say: (line) => console.log(line) })
    } finally {
      await rm(workspace, { recursive: true, force: true })
    }
  } catch (error) {
    const isOurs = error instanceof UsageError || error instanceof CorpusError
    console.error(isOurs ? `${error.message}\nSee npm run ${command} -- --help` : error)
    process.exitCode = isOurs ? 2 : 1
  }
}
