import { Document, Flow } from 'millrace'
import { cpuSeconds } from './cpu.js'
import { measure, type Measured, type Report } from './measure.js'
import { MyTokenizer } from './my-tokenizer.js'

export interface Tutorial {
  readonly news: readonly string[]
  /** Replicas of the slow Executor to start with. */
  readonly replicas: number
  /** Further counts, each set on the running Flow. */
  readonly thenScaleTo: readonly number[]
  readonly runtime: 'process' | 'thread'
  readonly quiet: boolean
  readonly report: Report
}

/** Sends all posts through a fast and a slow Executor, for each number of replicas once to warm up and once to measure. */
export async function tutorial({
  news,
  replicas,
  thenScaleTo,
  runtime,
  quiet,
  report,
}: Tutorial): Promise<void> {
  function* newsGenerator(): Generator<Document> {
    for (const text of news) yield new Document({ text })
  }

  const flow = new Flow({ quiet })
    .add({ name: 'fast_executor' })
    .add({ name: 'slow_executor', uses: MyTokenizer, replicas, runtime })

  await using running = await flow.start()
  const measured = async (): Promise<Measured> => {
    await running.post('/foo', newsGenerator) // each replica compiles its code while it runs for the first time
    return measure(
      () => running.post('/foo', newsGenerator, { showProgress: true }),
      () => cpuSeconds(running),
    )
  }
  report(replicas, await measured())

  for (const count of thenScaleTo) {
    await running.scale('slow_executor', { replicas: count }) // live: no request is lost, no other replica restarts
    report(count, await measured())
  }
}
