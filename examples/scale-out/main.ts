import { availableParallelism } from 'node:os'
import { loadCorpus, type Corpus } from './corpus/corpus.js'
import { CorpusError } from './corpus/corpus-error.js'
import { writeJsonLines } from './corpus/json-lines.js'
import { REQUEST_SIZE } from './measure.js'
import { type ExampleOptions, help, parseOptions, UsageError } from './options.js'
import { limitOf, type Run, runOf, table } from './table.js'
import { tutorial } from './tutorial.js'

try {
  await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  const isOurs = error instanceof UsageError || error instanceof CorpusError
  console.error(isOurs ? `${error.message}\nSee npm start -- --help` : error)
  process.exitCode = isOurs ? 2 : 1
}

async function main(options: ExampleOptions): Promise<void> {
  if (options.help) return console.log(help)
  const corpus = await loadCorpus({
    file: options.corpus,
    folder: options.data,
    generated: options.generated,
  })
  const say = options.json ? console.error : console.log
  if (corpus.notice !== undefined) say(corpus.notice)
  say(describe(corpus))
  if (options.writeCorpus !== undefined) return writeJsonLines(options.writeCorpus, corpus.texts)
  const runs = await run(corpus.texts, options)
  if (options.json) console.log(JSON.stringify(result(corpus, options, runs)))
  else console.log(`\n${table(runs)}\n\n${limitOf(runs[0]!, availableParallelism())}`)
}

async function run(news: readonly string[], { replicas, runtime, json }: ExampleOptions): Promise<Run[]> {
  const flows =
    replicas === undefined
      ? [
          { replicas: 1, thenScaleTo: [] },
          { replicas: 2, thenScaleTo: [3, 1] },
        ]
      : [{ replicas, thenScaleTo: [] }]
  const runs: Run[] = []
  for (const flow of flows) {
    await tutorial({
      news,
      runtime,
      quiet: json,
      ...flow,
      report: (count, measured) => runs.push(runOf(count, measured, runs[0]?.seconds ?? measured.seconds)),
    })
  }
  return runs
}

function describe({ texts, source }: Corpus): string {
  const steps = Math.ceil(texts.length / REQUEST_SIZE)
  return `Corpus: ${source}, ${texts.length.toLocaleString('en')} documents, ${(bytes(texts) / 1e6).toFixed(1)} MB, ${steps} steps of ${REQUEST_SIZE}`
}

function result(
  { texts, source, notice }: Corpus,
  { runtime }: ExampleOptions,
  runs: readonly Run[],
): object {
  return {
    corpus: { source, notice, documents: texts.length, bytes: bytes(texts) },
    runtime,
    requestSize: REQUEST_SIZE,
    runs,
  }
}

function bytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}
