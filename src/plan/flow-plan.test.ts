import { describe, expect, it } from 'vitest'
import { type ErrorCode, MillraceError } from '../errors.js'
import { Executor } from '../executor/executor.js'
import { offerClass } from '../executor/load.js'
import { addStage, createPlan, setUsesWith } from './flow-plan.js'
import { openEnds } from './needs.js'
import type { StageOptions } from './stage-settings.js'

class Encoder extends Executor {
  static override module: string = import.meta.url
  static override requests = { '/default': 'encode' }
  encode(): void {}
}

class Homeless extends Executor {
  static override requests = { '/default': 'encode' }
  encode(): void {}
}

function refusal(build: () => unknown): MillraceError {
  try {
    build()
  } catch (error) {
    if (MillraceError.is(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const empty = createPlan({})
const add = (options: StageOptions): unknown => addStage(addStage(empty, { name: 'first' }), options)

describe('a plan', () => {
  it('has no limit for a request where the Flow says so', () => {
    expect(createPlan({ timeoutMs: null }).settings.timeoutMs).toBeNull()
    expect(createPlan({}).settings.timeoutMs).toBe(600_000)
  })

  it('names stages by their index by default', () => {
    const plan = addStage(addStage(empty, {}), {})
    expect(plan.stages.map((stage) => stage.name)).toEqual(['executor0', 'executor1'])
  })

  it('knows where the pods of a class find it', () => {
    const stage = addStage(empty, { name: 'encoder', uses: Encoder }).stages[0]
    expect(stage?.source).toMatchObject({ kind: 'module', url: import.meta.url, className: 'Encoder' })
  })

  it('takes a module with the name of its class', () => {
    const uses = new URL('#Encoder', import.meta.url)
    expect(addStage(empty, { uses }).stages[0]?.source).toMatchObject({
      url: import.meta.url,
      className: 'Encoder',
    })
  })

  it('takes an Executor as YAML says it, and what the stage says over that', () => {
    offerClass(Encoder)
    const uses = {
      jtype: 'Encoder',
      with: { a: 1, b: 1 },
      metas: { name: 'x' },
      requests: { '/x': 'encode' },
    }
    const stage = addStage(empty, { uses, usesWith: { b: 2 } }).stages[0]
    expect(stage).toMatchObject({
      source: { url: import.meta.url, className: 'Encoder', executorClass: Encoder },
      usesWith: { a: 1, b: 2 },
      usesMetas: { name: 'x' },
      usesRequests: { '/x': 'encode' },
    })
  })

  it('puts what stands before and behind its shards around them', () => {
    const options = { name: 'indexer', uses: Encoder, usesBefore: Encoder, usesAfter: Encoder }
    const sharded = addStage(addStage(empty, { ...options, shards: 2 }), { needs: 'indexer' })
    expect(sharded.stages.map(({ name, needs }) => [name, ...needs])).toEqual([
      ['indexer_before', 'gateway'],
      ['indexer', 'indexer_before'],
      ['indexer_after', 'indexer'],
      ['executor1', 'indexer_after'],
    ])
    expect(addStage(empty, options).stages.map((stage) => stage.name)).toEqual(['indexer'])
  })

  it('has branches: a stage needs the last one that is not floating, or what it says', () => {
    const options: readonly StageOptions[] = [
      { name: 'a' },
      { name: 'log', floating: true, uses: Encoder, shards: 2, usesAfter: Encoder },
      { name: 'b' },
      { name: 'c', needs: 'gateway', uses: Encoder, shards: 2, usesBefore: Encoder, usesAfter: Encoder },
      {
        name: 'd',
        needs: ['c', 'a', 'gateway'],
        uses: Encoder,
        shards: 2,
        usesBefore: Encoder,
        reduce: false,
      },
    ]
    const plan = options.reduce(addStage, empty)
    expect(
      plan.stages.map(({ name, needs, floating }) => `${name}<${needs.join()}${floating ? '~' : ''}`),
    ).toEqual([
      'a<gateway',
      'log<a~',
      'log_after<log~',
      'b<a',
      'c_before<gateway',
      'c<c_before',
      'c_after<c',
      'd_before<c_after,a,gateway',
      'd<d_before',
    ])
    expect(plan.stages.at(-2)?.reduce).toEqual({ kind: 'concatenate' })
    expect(openEnds(plan.stages)).toEqual(['b', 'd'])
    expect(openEnds(addStage(plan, { needs: openEnds(plan.stages) }).stages)).toEqual(['executor5'])
  })

  it('is not floating at a stage that the answer waits for', () => {
    const floating = addStage(addStage(empty, { name: 'a', floating: true }), {
      name: 'b',
      floating: true,
      needs: 'a',
    })
    expect(addStage(floating, { name: 'c', needs: 'a' }).stages.map((stage) => stage.floating)).toEqual([
      false,
      true,
      false,
    ])
  })

  it('pairs one host with several ports of an external stage', () => {
    const stage = addStage(empty, { external: true, host: 'a', port: [1, 2] }).stages[0]
    expect(stage?.external).toEqual([
      { host: 'a', port: 1, tls: false, shard: 0 },
      { host: 'a', port: 2, tls: false, shard: 0 },
    ])
  })

  it('shares the servers of an external stage out over its shards', () => {
    const stage = addStage(empty, { external: true, host: ['a', 'b', 'c', 'd'], port: 1, shards: 2 })
      .stages[0]
    expect(stage?.external.map(({ host, shard }) => host + shard)).toEqual(['a0', 'b0', 'c1', 'd1'])
  })

  it('leaves the options it was given as they were', () => {
    const options = Object.freeze({ name: 'second', shards: 1 }) as StageOptions
    expect(() => add(options)).not.toThrow()
    expect(options).toEqual({ name: 'second', shards: 1 })
  })
})

describe('what is refused when a Flow is built', () => {
  const cases: [string, () => unknown, ErrorCode, RegExp][] = [
    ['a name twice', () => add({ name: 'first' }), 'INVALID_NAME', /'first' already/],
    ["the gateway's name", () => add({ name: 'gateway' }), 'INVALID_NAME', /'gateway'/],
    [
      'a name that is no identifier',
      () => add({ name: 'my-stage' }),
      'INVALID_NAME',
      /identifier.*"my-stage"/,
    ],
    [
      'no replicas',
      () => add({ replicas: 0 }),
      'INVALID_OPTION',
      /replicas must be .* from 1 to 1024, or .*, not 0/,
    ],
    ['half a replica', () => add({ replicas: 1.5 }), 'INVALID_OPTION', /not 1.5/],
    [
      'an unknown option',
      () => add({ replica: 2 } as StageOptions),
      'UNKNOWN_OPTION',
      /Did you mean replicas\?/,
    ],
    [
      'an unknown Flow option',
      () => createPlan({ prot: 1 } as object),
      'UNKNOWN_OPTION',
      /Did you mean port\?/,
    ],
    ['a port out of range', () => createPlan({ port: 70_000 }), 'INVALID_OPTION', /65535.*not 70000/],
    [
      'another protocol',
      () => createPlan({ protocol: 'ftp' as 'grpc' }),
      'INVALID_OPTION',
      /'grpc'.*not "ftp"/,
    ],
    [
      'more ports than protocols',
      () => createPlan({ port: [1, 2] }),
      'INVALID_OPTION',
      /as many as there are protocols: 1, not 2/,
    ],
    ['a missing module', () => add({ uses: './nowhere.js' }), 'MODULE_NOT_FOUND', /nowhere\.js/],
    [
      'a class that is no Executor',
      () => add({ uses: class Foo {} as never }),
      'INVALID_EXECUTOR',
      /extends Executor.*the class Foo/,
    ],
    [
      'a class nobody can find',
      () => add({ uses: Homeless }),
      'INVALID_EXECUTOR',
      /static module = import\.meta\.url/,
    ],
    [
      'a missing YAML file',
      () => add({ name: 'a', uses: './nowhere.yml' }),
      'MODULE_NOT_FOUND',
      /^stage 'a': There is no file "\.\/nowhere\.yml" in /,
    ],
    [
      'YAML of nobody',
      () => add({ uses: { jtype: 'Nobody' } }),
      'INVALID_EXECUTOR',
      /no class 'Nobody' is known/,
    ],
    [
      'YAML with a function',
      () => add({ uses: { jtype: 'Executor', with: { f: () => 1 } } }),
      'INVALID_OPTION',
      /with and metas must be .*plain data/,
    ],
    ['an image of a hub', () => add({ uses: 'jinaai+docker://a/b' }), 'UNSUPPORTED', /hub/],
    ['an image that is none', () => add({ uses: 'docker://' }), 'INVALID_OPTION', /name an image/],
    [
      'two images',
      () => add({ uses: 'docker://one', image: 'two' }),
      'INVALID_OPTION',
      /names the image one and image names two/,
    ],
    [
      'a volume that is no folder',
      () => add({ volumes: ['data'] }),
      'INVALID_OPTION',
      /volumes must be an absolute path/,
    ],
    ['half a graphics card', () => add({ gpus: 0.5 }), 'INVALID_OPTION', /gpus must be 'all'/],
    [
      'memory that is no quantity',
      () => add({ resources: { limits: { memory: '1 GB' } } }),
      'INVALID_OPTION',
      /resources must be .*1 GB/,
    ],
    [
      'more memory asked for than allowed',
      () => add({ resources: { requests: { memory: '2Gi' }, limits: { memory: '2G' } } }),
      'INVALID_OPTION',
      /no request above its limit/,
    ],
    [
      'a secret without a key',
      () => add({ envFromSecret: { TOKEN: { name: 'tokens' } as never } }),
      'INVALID_OPTION',
      /envFromSecret/,
    ],
    [
      'an image in a thread',
      () => addStage(empty, { uses: 'docker://img:1', runtime: 'thread' }),
      'INVALID_OPTION',
      /img:1, which runs in containers, not with runtime "thread"/,
    ],
    ['no shards', () => add({ shards: 0 }), 'INVALID_OPTION', /shards must be .* from 1 to 1024, not 0/],
    [
      'another word for polling',
      () => add({ shards: 2, polling: 'SOME' as 'ANY' }),
      'INVALID_OPTION',
      /polling must be 'ANY', 'ALL' or 'KEY'.*not "SOME"/,
    ],
    [
      'documents that would be looked for where they are not',
      () => add({ shards: 2, polling: { '/update': 'KEY' } }),
      'INVALID_OPTION',
      /'\/update' by KEY but '\/index' to ANY/,
    ],
    ['a shard that there is not', () => add({ shards: 2, shardId: 2 }), 'INVALID_OPTION', /shardId is 2/],
    ['a key that is none', () => add({ shards: 2, key: 'embedding' }), 'INVALID_OPTION', /key must be 'id'/],
    [
      'a reduce that is none',
      () => add({ shards: 2, reduce: { limt: 3 } as object }),
      'INVALID_OPTION',
      /reduce must be true or false/,
    ],
    [
      'a reduce of a module that is not there',
      () => add({ shards: 2, reduce: './nowhere.js#best' }),
      'MODULE_NOT_FOUND',
      /nowhere\.js/,
    ],
    [
      'more shards wanted than there are',
      () => add({ shards: 2, onShardFailure: 'partial', minShards: 3 }),
      'INVALID_OPTION',
      /minShards is 3, and there are 2/,
    ],
    [
      'rules for partial answers without those',
      () => add({ shards: 2, softDeadlineMs: 100 }),
      'INVALID_OPTION',
      /onShardFailure: 'partial'/,
    ],
    [
      'a stage that gathers shards of this Flow',
      () => add({ uses: Encoder, shards: 2, gatheredBy: 'other' }),
      'INVALID_OPTION',
      /gatheredBy is for external stages.*usesAfter/,
    ],
    [
      'external shards without as many servers each',
      () => add({ external: true, host: ['a', 'b', 'c'], port: 1, shards: 2 }),
      'INVALID_OPTION',
      /3 servers cannot be divided evenly among 2 external shards/,
    ],
    [
      'names to look up of a stage of our own',
      () => add({ discover: 'dns' }),
      'INVALID_OPTION',
      /external: true/,
    ],
    [
      'one format of documents for an Executor of Millrace',
      () => add({ uses: Encoder, docarray: 'v2' }),
      'INVALID_OPTION',
      /docarray says which documents .* of Jina takes.*Leave docarray out, or say external: true/,
    ],
    [
      'a format of documents that there is not',
      () => add({ external: true, host: 'a', port: 1, docarray: 'v3' as 'v2' }),
      'INVALID_OPTION',
      /docarray must be one of 'v1', 'v2', or null.*'v3'|docarray.*"v3"/,
    ],
    [
      'several inline replicas',
      () => add({ runtime: 'inline', uses: Homeless, replicas: 2 }),
      'INVALID_OPTION',
      /inline/,
    ],
    [
      'an inline replica that is to end',
      () => add({ runtime: 'inline', exitOnExceptions: ['RangeError'] }),
      'INVALID_OPTION',
      /exitOnExceptions.*inline/,
    ],
    [
      'other constructor options that cannot travel',
      () => setUsesWith(addStage(empty, { name: 'encoder', uses: Encoder }), 'encoder', { f: () => 1 }),
      'INVALID_OPTION',
      /stage 'encoder': usesWith must be .*plain data/,
    ],
    [
      'constructor options of a stage without an Executor',
      () => setUsesWith(addStage(empty, { name: 'entry' }), 'entry', {}),
      'UNSUPPORTED',
      /'entry' has no Executor/,
    ],
    ['a need nobody meets', () => add({ needs: 'nobody' }), 'INVALID_OPTION', /'nobody'/],
    [
      'a need that is nearly a stage',
      () => addStage(addStage(empty, { name: 'encoder' }), { needs: 'encodr' }),
      'INVALID_OPTION',
      /Did you mean 'encoder'/,
    ],
    [
      'a need said twice',
      () => add({ needs: ['first', 'gateway', 'first'] }),
      'INVALID_OPTION',
      /names 'first' twice/,
    ],
    [
      'a join of branches and shards with one reduce',
      () => add({ needs: ['first', 'gateway'], shards: 2, reduce: (all) => all[0]! }),
      'INVALID_OPTION',
      /joins 2 stages and has 2 shards/,
    ],
    [
      'changes of shards',
      () => add({ shards: 2, reduce: 'changes' }),
      'INVALID_OPTION',
      /has 2 shards, and reduce: 'changes' is for branches/,
    ],
    ['a condition that is none', () => add({ when: 5 as never }), 'INVALID_OPTION', /when must be a filter/],
    [
      'a condition on a field that Documents do not have',
      () => add({ when: { price: { $gt: 1 } } }),
      'INVALID_OPTION',
      /stage 'executor1': when cannot be used: .*no field 'price'; .*tags__price/,
    ],
    [
      'a condition with an operator that does not exist',
      () => add({ when: { parameters: { k: { $above: 1 } } } }),
      'INVALID_OPTION',
      /\$above does not exist/,
    ],
    [
      'half a condition',
      () => add({ when: { docs: 1 as never } }),
      'INVALID_OPTION',
      /when\.docs must be a filter/,
    ],
    ['a join of nothing', () => openEnds(empty.stages), 'INVALID_OPTION', /there is none/],
    [
      'a need of itself',
      () => add({ name: 'me', needs: 'me' }),
      'INVALID_OPTION',
      /in a circle: 'me' needs 'me'/,
    ],
    ['an external stage without address', () => add({ external: true }), 'INVALID_OPTION', /host and port/],
    [
      'uses of an external stage',
      () => add({ external: true, host: 'a', port: 1, uses: class Own extends Executor {} }),
      'INVALID_OPTION',
      /uses is not for an external stage/,
    ],
    [
      'replicas of an external stage',
      () => add({ external: true, host: 'a', port: 1, replicas: 2 }),
      'INVALID_OPTION',
      /replicas is not for an external stage/,
    ],
    ['an address of a stage of our own', () => add({ host: 'a' }), 'INVALID_OPTION', /external: true/],
    [
      'hosts and ports that do not pair',
      () => add({ external: true, host: ['a', 'b'], port: [1, 2, 3] }),
      'INVALID_OPTION',
      /2 and 3/,
    ],
    [
      'a constructor argument that cannot travel',
      () => add({ usesWith: { f: () => 1 } }),
      'INVALID_OPTION',
      /plain data/,
    ],
  ]
  it.each(cases)('%s', (_name, build, code, message) => {
    const error = refusal(build)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })
})
