// Graphs that Jina's gateway and Millrace's answer alike, with their requests.

export interface StageOfShape {
  readonly name: string
  readonly needs?: readonly string[]
  readonly floating?: boolean
  readonly when?: Readonly<Record<string, object>>
  /** A join without an Executor. */
  readonly joins?: boolean
  /** As `joins`, of all open ends. */
  readonly joinsAll?: boolean
  /** It inspects the stage before it. */
  readonly inspects?: boolean
  /** Shards of the Executor of its name, which are all asked. */
  readonly shards?: number
  /** With shards: the Executors in front of them and behind them (`uses_before`, `uses_after`). */
  readonly around?: readonly [before: string, after: string]
  /** The Executors behind it, its replicas; by default the one of its name. */
  readonly serves?: readonly string[]
}

export interface RequestOfShape {
  readonly on: string
  readonly docs: readonly {
    readonly id: string
    readonly text?: string
    readonly tags?: Record<string, unknown>
  }[]
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly target?: string
}

export interface Answer {
  readonly docs: readonly unknown[]
  readonly routes: readonly string[]
  readonly results: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

export interface Shape {
  readonly title: string
  /** What becomes of stages that inspect. */
  readonly inspect?: 'collect' | 'hang' | 'remove'
  /** Whether it takes few seconds and is one of those that are compared most often. */
  readonly isQuick?: boolean
  readonly stages: readonly StageOfShape[]
  readonly requests: readonly RequestOfShape[]
}

/** `w` changes nothing. The later a name, the later its Executor answers. */
export const names = ['a', 'b', 'c', 'd', 'e', 'f', 'w']
const two = [
  { id: '1', text: 'x' },
  { id: '2', text: 'y' },
]
const all: RequestOfShape = { on: '/all', docs: two }
const numbered: RequestOfShape = {
  on: '/all',
  docs: [3, 1, 4, 2].map((n) => ({ id: `n${n}`, text: `text ${n}`, tags: { n } })),
}
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

/** `c<a,b` needs a and b; `~c<a` floats; `&j<a,b` joins without an Executor, and `&j` joins all open ends; `?w` inspects. */
function stageOf(edge: string): StageOfShape {
  const [, sign, name = '', needs] = /^([~&?]?)(\w+)(?:<(.+))?$/.exec(edge)!
  return {
    name,
    ...(needs !== undefined && { needs: needs.split(',') }),
    ...(sign === '?' && { inspects: true }),
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
  ['a join of joins with Executors', 'a b<gateway c<a,b f<gateway e<c,f'],
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

const quick: ReadonlySet<string> = new Set(['three branches', 'a diamond', 'a floating stage in the middle'])

export const shapes: readonly Shape[] = [
  ...edges.map(([title, written], index) => ({
    title,
    isQuick: quick.has(title),
    stages: written.split(' ').map(stageOf),
    requests: index < 4 ? [all, none, drop, fill, specific] : [all, drop],
  })),
  {
    title: 'a condition in a chain',
    stages: [stageOf('a'), { name: 'b', when: { tags__n: { $lt: 3 } } }, stageOf('c')],
    requests: [numbered, { ...numbered, on: '/drop' }],
  },
  {
    title: 'branches of different Executors by condition, in the order of the request',
    isQuick: true,
    stages: [
      { name: 'a', when: { tags__n: { $gte: 3 } } },
      { name: 'b', needs: ['gateway'], when: { tags__n: { $lt: 3 } } },
      stageOf('c<a,b'),
    ],
    requests: [numbered, { ...numbered, on: '/drop' }],
  },
  {
    title: 'branches by condition, in the order of the request',
    stages: [
      { name: 'a', when: { tags__n: { $gte: 3 } } },
      { name: 'b', needs: ['gateway'], when: { $or: { tags__n: { $eq: 1 }, text: { $regex: '2$' } } } },
      stageOf('&j<a,b'),
    ],
    requests: [numbered, { ...numbered, on: '/drop' }, { ...numbered, on: '/fill' }],
  },
  {
    title: 'a condition at a join, and one beside it that floats',
    stages: [
      stageOf('a'),
      stageOf('b<gateway'),
      { name: 'c', needs: ['a', 'b'], when: { tags__n: { $neq: 2 } } },
      { name: 'd', needs: ['c'], floating: true, when: { tags__n: { $eq: 1 } } },
    ],
    requests: [numbered, { ...numbered, on: '/fill' }],
  },
  {
    title: 'a condition that no document fulfils',
    stages: [
      { name: 'a', when: { text: { $eq: 'none' } } },
      stageOf('b<a'),
      stageOf('c<gateway'),
      stageOf('d<b,c'),
    ],
    requests: [
      { ...numbered, on: '/drop' },
      { ...numbered, on: '/fill' },
    ],
  },
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
    title: 'replicas in the branches of a join',
    stages: [
      { name: 'left', serves: ['a', 'a'] },
      { name: 'right', needs: ['gateway'], serves: ['b', 'b'] },
      { name: 'c', needs: ['left', 'right'] },
    ],
    requests: [all, drop],
  },
  {
    title: 'shards behind a join',
    stages: [stageOf('a'), stageOf('b<gateway'), { name: 'c', needs: ['a', 'b'], shards: 2 }, stageOf('d')],
    requests: [all, drop, fill],
  },
  {
    title: 'shards in a branch of a join',
    stages: [stageOf('a'), { name: 'c', needs: ['gateway'], shards: 3 }, stageOf('d<a,c')],
    requests: [all, drop],
  },
  {
    title: 'uses_before and uses_after around shards behind a join',
    stages: [
      stageOf('a'),
      stageOf('b<gateway'),
      { name: 'c', needs: ['a', 'b'], shards: 2, around: ['d', 'e'] },
    ],
    requests: [all, drop],
  },
  {
    title: 'a stage that inspects the middle of a chain',
    stages: ['a', '?w', 'b'].map(stageOf),
    requests: [all],
  },
  {
    title: 'a stage that inspects documents which are dropped later',
    stages: ['a', '?w', 'b'].map(stageOf),
    requests: [drop],
  },
  {
    title: 'a stage that inspects the end of a graph',
    stages: ['a', 'b<gateway', 'c<a,b', '?w'].map(stageOf),
    requests: [all, drop],
  },
  {
    title: 'a stage that inspects and hangs',
    inspect: 'hang',
    stages: ['a', '?w', 'b'].map(stageOf),
    requests: [all, drop],
  },
  {
    title: 'a stage that inspects and is removed',
    inspect: 'remove',
    stages: ['a', '?w', 'b'].map(stageOf),
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
