import path from 'node:path'
import { type Client, Document, Flow, type FlowOptions } from 'millrace'

/** The folder of the Executor below; images of tests with containers have its subfolder at `/app`. */
export const graphProject = path.resolve(import.meta.dirname, '../fixtures')

/**
 * A Flow that is no chain: a condition, shards in a branch, a join of changes and one that keeps its branches apart, a stage that
 * inspects, and a floating one.
 */
export function graphFlow(options: FlowOptions = {}): Flow<string> {
  const uses = `${graphProject}/concepts/graph.mjs#Mark`
  const marking = <const Name extends string>(name: Name) => ({ name, uses, usesWith: { mark: name } })
  return new Flow({ host: '127.0.0.1', quiet: true, ...options })
    .add({ ...marking('left'), shards: 2, polling: 'ALL' })
    .add({ ...marking('right'), needs: 'gateway', when: { tags__n: { $lt: 3 } } })
    .add({ name: 'both', needs: ['left', 'right'], reduce: 'changes' })
    .add({ ...marking('parts'), needs: ['both', 'right'], reduce: false })
    .inspect(marking('watch'))
    .add({ ...marking('journal'), needs: 'both', floating: true })
}

/** What the Flow answers, without what differs between two runs. */
export async function graphAnswer(client: Pick<Client, 'post'>): Promise<object> {
  const docs = [1, 2, 3].map((n) => new Document({ id: `d${n}`, tags: { n } }))
  const [response] = await client.post('/mark', docs, { returnResponses: true })
  const { parameters, routes } = response!
  const results = Object.entries(parameters['__results__'] as object)
  return {
    docs: [...response!.docs].map(({ id, tags }) => [id, Object.keys(tags).toSorted()]),
    routes: routes.map(({ executor }) => executor),
    // names of pods differ between platforms
    results: results
      .map(([pod, result]) => [pod.split('/')[0], result as unknown])
      .toSorted(([left], [right]) => String(left).localeCompare(String(right))),
  }
}

/** As `graphAnswer`, of the Flow on this machine. */
export async function graphAnswerHere(): Promise<object> {
  await using flow = await graphFlow().start()
  return await graphAnswer(flow)
}
