import { readFileSync } from 'node:fs'

import { Document, Flow } from 'millrace'

import { commands, options, say } from './answers.js'
import { MyTokenizer } from './tokenizer.js'

export interface TutorialOptions {
  /** File with one `{"text": …}` per line. */
  readonly corpus: string
  readonly replicas: number
  readonly runtime: 'process' | 'thread'
}

export interface RunReply {
  readonly wallS: number
  readonly docs: number
}

export interface VerifyReply {
  /** Stored values of the embeddings of the last run. */
  readonly nonzeros: number
  /** CPU of the vectorizer in all runs so far, in one replica. */
  readonly methodCpuS: number
  /** The same, plus reading the texts of the documents and setting their embeddings. */
  readonly handlerCpuS: number
}

const wanted = options<TutorialOptions>()
const texts = readFileSync(wanted.corpus, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as { text: string }).text)

function* newsGenerator(): Generator<Document> {
  for (const text of texts) yield new Document({ text })
}

const flow = new Flow({ host: '127.0.0.1' })
  .add({ name: 'fast_executor' })
  .add({ name: 'slow_executor', uses: MyTokenizer, replicas: wanted.replicas, runtime: wanted.runtime })

const begin = performance.now()
await flow.start()
say({ port: flow.port, startS: (performance.now() - begin) / 1000 })

let results: Iterable<Document> = []
for await (const command of commands()) say(command.do === 'run' ? await run() : await verify())
await flow.close()
say({})

async function run(): Promise<RunReply> {
  const begun = performance.now()
  const docs = await flow.post('/foo', newsGenerator)
  const wallS = (performance.now() - begun) / 1000
  results = docs
  return { wallS, docs: docs.length }
}

async function verify(): Promise<VerifyReply> {
  let nonzeros = 0
  for (const document of results) {
    nonzeros += (document.embedding as unknown as { values: { length: number } }).values.length
  }
  const [response] = await flow.post('/spent', undefined, { returnResponses: true })
  const [spent] = Object.values(response!.parameters['__results__'] as Record<string, object>)
  return { nonzeros, ...(spent as { methodCpuS: number; handlerCpuS: number }) }
}
