import { Document, Flow, type Response } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, names, type Shape, type StageOfShape } from './graph-shapes.js'
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
 * 6. Its stages that inspect have a stage `_aux_NAME` beside them, on which the chain goes on. Millrace has none.
 *    And it adds what these stages got to the answer: documents that a later stage dropped come back.
 * 7. Its `uses_before` and `uses_after` are part of a stage, and its shards have other names in the results than external servers.
 *    In Millrace they are stages of their own.
 */
const exceptions: Readonly<Record<string, readonly (keyof Answer)[]>> = {
  'stages that target_executor leaves out': ['routes', 'docs'],
  'stages that do not serve the endpoint': ['routes'],
  'branches that do not serve the endpoint': ['routes', 'docs'],
  'a branch that fails': ['routes', 'docs'],
  'a condition that no document fulfils': ['routes'],
  'shards behind a join': ['results'],
  'shards in a branch of a join': ['results'],
  'a stage that inspects documents which are dropped later': ['docs'],
  'uses_before and uses_after around shards behind a join': ['routes', 'results'],
}

interface Ready {
  readonly ports: Readonly<Record<string, number>>
  /** For each shape the answers to its requests, or why Jina has none. */
  readonly answers: readonly (readonly Answer[] | { readonly failure: string })[]
}

/** A test for each shape. */
export function describeShapes(shapes: readonly Shape[]): void {
  let jina: PythonServer<Ready>

  beforeAll(async () => {
    jina = await servePython('jina_graphs.py', { names, shapes })
  }, 1_200_000)
  afterAll(() => jina?.stop())

  describe.each(shapes.map((shape, index) => ({ ...shape, index })))(
    '$title',
    ({ title, stages, requests, inspect, index }) => {
      test('is answered as by Jina', async () => {
        const { ports, answers } = jina.ready
        const answer = answers[index]!
        if ('failure' in answer) throw new Error(`Jina has no answer: ${answer.failure}`)
        const options = { quiet: true, host: '127.0.0.1', ...(inspect !== undefined && { inspect }) }
        await using flow = await flowOf(stages, new Flow<string>(options), ports).start()
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
          const rules = { without: exceptions[title] ?? [], awaited: awaitedIn(stages, inspect) }
          expect(compared(told(response!), rules), JSON.stringify(request)).toEqual(
            compared(answer[at]!, rules),
          )
        }
      })
    },
  )
}

function flowOf(
  stages: readonly StageOfShape[],
  begun: Flow<string>,
  ports: Readonly<Record<string, number>>,
): Flow<string> {
  const at = (serves: readonly string[]) =>
    ({ external: true, host: '127.0.0.1', port: serves.map((one) => ports[one]!) }) as const
  return stages.reduce((flow, stage) => {
    const {
      name,
      needs,
      floating = false,
      joins,
      joinsAll,
      inspects,
      when,
      serves = [name],
      shards,
      around,
    } = stage
    if (inspects === true) return flow.inspect({ name, ...at(serves) })
    if (joinsAll === true) return flow.needsAll({ name })
    const common = { name, floating, ...(needs !== undefined && { needs }) }
    if (joins === true) return flow.add(common)
    if (shards === undefined)
      return flow.add({ ...common, ...(when !== undefined && { when }), ...at(serves) })
    const sharded = { ...at(Array.from({ length: shards }, () => name)), shards, polling: 'ALL' } as const
    if (around === undefined) return flow.add({ ...common, ...sharded })
    const [before, after] = around
    return flow
      .add({ ...common, name: `${name}_before`, ...at([before]) })
      .add({ name, ...sharded, gatheredBy: `${name}_after` })
      .add({ name: `${name}_after`, ...at([after]) })
  }, begun)
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

/** Names of the Executors whose answers the last stage needs, or a join of those that inspect. */
function awaitedIn(
  stages: readonly StageOfShape[],
  inspect: Shape['inspect'] = 'collect',
): ReadonlySet<string> {
  let before = 'gateway'
  const needsOf = new Map<string, readonly string[]>()
  for (const { name, needs = [before], floating = false, joinsAll = false, inspects = false } of stages) {
    needsOf.set(name, joinsAll ? [...needsOf.keys()] : needs)
    if (!floating && !inspects) before = name
  }
  const gathered =
    inspect === 'collect' ? stages.filter(({ inspects }) => inspects).map(({ name }) => name) : []
  const awaited = new Set([before, ...gathered])
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
  const routes = answer.routes.filter((name) => !name.startsWith('_aux_'))
  return Object.fromEntries(
    Object.entries({ ...answer, results, routes }).filter(
      ([key]) => !rules.without.includes(key as keyof Answer),
    ),
  )
}
