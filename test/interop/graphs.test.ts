import { Document, Flow, type Response } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PythonServer, servePython } from './python.js'

// The same graph behind Jina's gateway and behind Millrace's, over the same Jina Executors, gives the same documents, order,
// results and routes.

interface StageOfShape {
  readonly name: string
  readonly needs?: readonly string[]
  readonly floating?: boolean
  /** A join without an Executor. */
  readonly joins?: boolean
  /** As `joins`, of all open ends. */
  readonly joinsAll?: boolean
  /** The Executors behind it, its replicas; by default the one of its name. */
  readonly serves?: readonly string[]
}

interface RequestOfShape {
  readonly on: string
  readonly docs: readonly { readonly id: string; readonly text?: string }[]
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly target?: string
}

interface Answer {
  readonly docs: readonly unknown[]
  readonly routes: readonly string[]
  readonly results: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

interface Shape {
  readonly title: string
  readonly stages: readonly StageOfShape[]
  readonly requests: readonly RequestOfShape[]
}

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const two = [
  { id: '1', text: 'x' },
  { id: '2', text: 'y' },
]
const all: RequestOfShape = { on: '/all', docs: two }
const none: RequestOfShape = { on: '/all', docs: [] }
const drop: RequestOfShape = {
  on: '/drop',
  docs: [...names.map((name) => ({ id: `of-${name}`, text: name })), ...two],
}
const fill: RequestOfShape = { on: '/fill', docs: names.map((id) => ({ id })) }
const specific: RequestOfShape = {
  ...all,
  parameters: { value: 'all', b__value: 'of b', a: { value: 'of a' } },
}

/** `c<a,b` needs a and b; `~c<a` floats; `&j<a,b` joins without an Executor, and `&j` joins all open ends. */
function stageOf(edge: string): StageOfShape {
  const [, sign, name = '', needs] = /^([~&]?)(\w+)(?:<(.+))?$/.exec(edge)!
  return {
    name,
    ...(needs !== undefined && { needs: needs.split(',') }),
    ...(sign === '~' && { floating: true }),
    ...(sign === '&' && (needs === undefined ? { joinsAll: true } : { joins: true })),
  }
}

const edges: readonly (readonly [title: string, edges: string])[] = [
  ['a chain', 'a b c'],
  ['a join without an Executor', 'a b<gateway &j<a,b'],
  ['a join with an Executor', 'a b<gateway c<a,b'],
  ['three branches', 'a b<gateway c<gateway d<a,b,c'],
  ['all open ends', 'a b<gateway c<a &all'],
  ['a diamond', 'a b<a c<a d<b,c'],
  ['a diamond behind a diamond', 'a b<a c<a &j<b,c d<j e<j f<d,e'],
  ['a stage beside the gateway', 'a c<gateway,a'],
  ['a shortcut', 'a b c &j<a,c'],
  ['branches of different length', 'a b<a c<gateway d<b,c'],
  ['two joins of one branch', 'a b<gateway c<gateway &j<a,b &k<b,c &m<j,k'],
  ['a join of joins with Executors', 'a b<gateway c<a,b d<gateway e<c,d'],
  ['a chain behind a join', 'a b<gateway &j<a,b c d'],
  ['a branch from the middle of a chain', 'a b c<a d<b,c'],
  ['a floating end', 'a ~b<a'],
  ['a floating stage beside a chain', 'a ~b<gateway c'],
  ['a floating stage in the middle', 'a ~b<a c'],
  ['a chain of floating stages', 'a ~b<a ~c<b d'],
  ['floating stages only', '~a<gateway'],
  ['a floating stage that another one needs', '~a<gateway b<a'],
  ['a floating stage behind a join', 'a b<gateway c<a,b ~d<c'],
  ['a floating stage between branches', 'a ~d<a b<gateway c<a,b'],
  ['an end that nobody needs', 'a b<gateway'],
  ['an end of a diamond that nobody needs', 'a b<a c<a'],
  ['an end behind an end that nobody needs', 'a b<a c<gateway'],
]

const shapes: readonly Shape[] = [
  ...edges.map(([title, written]) => ({
    title,
    stages: written.split(' ').map(stageOf),
    requests: [all, none, drop, fill, specific],
  })),
  {
    title: 'replicas behind a join',
    stages: [
      stageOf('a'),
      stageOf('b<gateway'),
      { name: 'end', needs: ['a', 'b'], serves: ['c', 'c'] },
      { name: 'last', serves: ['d', 'd'] },
    ],
    requests: [all, drop],
  },
  {
    title: 'stages that target_executor leaves out',
    stages: ['a', 'b<gateway', 'c<a,b'].map(stageOf),
    requests: ['a', 'a|b', 'c'].map((target) => ({ ...all, target })),
  },
  {
    title: 'stages that do not serve the endpoint',
    stages: ['a', 'b<a', 'c<b'].map(stageOf),
    requests: [{ on: '/only_a', docs: two }],
  },
  {
    title: 'branches that do not serve the endpoint',
    stages: ['a', 'b<gateway', '&j<a,b'].map(stageOf),
    requests: [{ on: '/only_a', docs: two }],
  },
  {
    title: 'a branch that fails',
    stages: ['a', 'b<gateway', 'c<a,b'].map(stageOf),
    requests: ['a', 'b', 'c'].map((who) => ({ on: '/fail', docs: two, parameters: { who } })),
  },
]

/**
 * Where Jina's gateway is not followed, and why:
 *
 * 1. Its routes also list stages that the request passed by, without an end time. Millrace lists visited stages only.
 * 2. At a join that it passes by, it forgets the merged documents and passes on the request of the branch that came last.
 * 3. Results of floating stages are in its answer if they were done by chance. In Millrace they never are.
 * 4. When a branch fails, the answer has the documents of whichever branch, and the other branches go on. Millrace answers with
 *    the documents of the branch that failed, and cancels the others.
 */
const exceptions: Readonly<Record<string, readonly (keyof Answer)[]>> = {
  'stages that target_executor leaves out': ['routes', 'docs'],
  'stages that do not serve the endpoint': ['routes'],
  'branches that do not serve the endpoint': ['routes', 'docs'],
  'a branch that fails': ['routes', 'docs'],
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
        const without = exceptions[title] ?? []
        expect(compared(told(response!), without), JSON.stringify(request)).toEqual(
          compared(jina.ready.answers[index]![at]!, without),
        )
      }
    })
  },
)

function flowOf(stages: readonly StageOfShape[]): Flow<string> {
  const { ports } = jina.ready
  return stages.reduce(
    (flow, { name, needs, floating = false, joins, joinsAll, serves = [name] }) => {
      if (joinsAll === true) return flow.needsAll({ name })
      const common = { name, floating, ...(needs !== undefined && { needs }) }
      if (joins === true) return flow.add(common)
      return flow.add({
        ...common,
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
      weight,
      matches: [...matches].map((match) => [match.id, match.text]),
    })),
    routes: routes.map(({ executor }) => executor),
    results: (parameters.__results__ ?? {}) as Answer['results'],
    failed: status?.code === 'ERROR',
  }
}

/** An answer without the results of floating stages, and without parts that differ on purpose. */
function compared(answer: Answer, without: readonly (keyof Answer)[]): Partial<Answer> {
  return Object.fromEntries(Object.entries(answer).filter(([key]) => !without.includes(key as keyof Answer)))
}
