import { Document, Flow, type Response } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, names, shapes, type StageOfShape } from './graph-shapes.js'
import { type PythonServer, servePython } from './python.js'

// The same graph behind Jina's gateway and behind Millrace's, over the same Jina Executors, gives the same documents, order,
// results and routes.

/**
 * Where Jina's gateway is not followed, and why:
 *
 * 1. Its routes also list stages that the request passed by, without an end time. Millrace lists visited stages only.
 * 2. At a join that it passes by, it forgets the merged documents and passes on the request of the branch that came last.
 * 3. Results of floating stages are in its answer if they were done by chance. In Millrace they never are.
 * 4. It sends a request without documents along a branch whose condition no document fulfils. Millrace has no hops there.
 * 5. When a branch fails, the answer has the documents of whichever branch, and the other branches go on. Millrace answers with
 *    the documents of the branch that failed, and cancels the others.
 */
const exceptions: Readonly<Record<string, readonly (keyof Answer)[]>> = {
  'stages that target_executor leaves out': ['routes', 'docs'],
  'stages that do not serve the endpoint': ['routes'],
  'branches that do not serve the endpoint': ['routes', 'docs'],
  'a branch that fails': ['routes', 'docs'],
  'a condition that no document fulfils': ['routes'],
}

let jina: PythonServer<{
  readonly ports: Readonly<Record<string, number>>
  readonly answers: readonly (readonly Answer[])[]
}>

beforeAll(async () => {
  jina = await servePython('jina_graphs.py', { names, shapes })
}, 600_000)
afterAll(() => jina?.stop())

describe.each(shapes.map((shape, index) => ({ ...shape, index })))(
  '$title',
  ({ title, stages, requests, index }) => {
    test('is answered as by Jina', async () => {
      await using flow = await flowOf(stages).start()
      for (const [at, request] of requests.entries()) {
        const [response] = await flow.post(
          request.on,
          request.docs.map((doc) => new Document(doc)),
          {
            ...(request.parameters !== undefined && { parameters: request.parameters }),
            ...(request.target !== undefined && { targetExecutor: request.target }),
            returnResponses: true,
            continueOnError: true,
          },
        )
        const rules = { without: exceptions[title] ?? [], awaited: awaitedIn(stages) }
        expect(compared(told(response!), rules), JSON.stringify(request)).toEqual(
          compared(jina.ready.answers[index]![at]!, rules),
        )
      }
    })
  },
)

function flowOf(stages: readonly StageOfShape[]): Flow<string> {
  const { ports } = jina.ready
  return stages.reduce(
    (flow, { name, needs, floating = false, joins, joinsAll, when, serves = [name] }) => {
      if (joinsAll === true) return flow.needsAll({ name })
      const common = { name, floating, ...(needs !== undefined && { needs }) }
      if (joins === true) return flow.add(common)
      return flow.add({
        ...common,
        ...(when !== undefined && { when }),
        external: true,
        host: '127.0.0.1',
        port: serves.map((one) => ports[one]!),
      })
    },
    new Flow<string>({ quiet: true, host: '127.0.0.1' }),
  )
}

function told({ docs, routes, parameters, status }: Response): Answer {
  return {
    docs: [...docs].map(({ id, text, tags, weight, matches }) => ({
      id,
      text,
      tags,
      weight: weight ?? 0,
      matches: [...matches].map((match) => [match.id, match.text]),
    })),
    routes: routes.map(({ executor }) => executor),
    results: (parameters.__results__ ?? {}) as Answer['results'],
    failed: status?.code === 'ERROR',
  }
}

/** Names of the Executors whose answers the last stage needs. */
function awaitedIn(stages: readonly StageOfShape[]): ReadonlySet<string> {
  let before = 'gateway'
  const needsOf = new Map<string, readonly string[]>()
  for (const { name, needs = [before], floating = false, joinsAll = false } of stages) {
    needsOf.set(name, joinsAll ? [...needsOf.keys()] : needs)
    if (!floating) before = name
  }
  const awaited = new Set([before])
  for (const name of awaited) for (const need of needsOf.get(name) ?? []) awaited.add(need)
  const serving = stages
    .filter(({ name }) => awaited.has(name))
    .flatMap(({ name, serves = [name] }) => serves)
  return new Set(serving)
}

/** An answer without the results of stages that it does not wait for, and without parts that differ on purpose. */
function compared(
  answer: Answer,
  rules: { readonly without: readonly (keyof Answer)[]; readonly awaited: ReadonlySet<string> },
): Partial<Answer> {
  const results = Object.fromEntries(
    Object.entries(answer.results).filter(([pod]) => rules.awaited.has(pod.split('/')[0]!)),
  )
  return Object.fromEntries(
    Object.entries({ ...answer, results }).filter(([key]) => !rules.without.includes(key as keyof Answer)),
  )
}
