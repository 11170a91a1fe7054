import { describe, expect, it } from 'vitest'
import type { FlowStatus, PodStatus, StageStatus } from '../../control/status.js'
import { eventsBetween } from './events.js'
import { exampleOf, formsOf } from './example.js'
import { Viewer } from './flow-view.js'
import { graphOf } from './graph.js'

const podOf = (name: string, more: Partial<PodStatus> = {}): PodStatus => ({
  ...{ name, pid: 7, state: 'ready', inFlight: 1, latencyMs: 20, answered: 0, failed: 0, restarts: 0 },
  sinceMs: 0,
  ...more,
})
const stageOf = (name: string, pods: readonly PodStatus[], more: Partial<StageStatus> = {}): StageStatus => ({
  ...{
    name,
    needs: ['gateway'],
    runtime: 'process',
    replicas: pods.length,
    ready: pods.length,
    degraded: null,
  },
  ...{ waiting: 0, retries: 0, hedges: 0, refused: 0, backgroundRunning: 0, backgroundFailed: 0 },
  shards: [{ name, replicas: pods.length, ready: pods.length, asked: 0, failed: 0 }],
  pods,
  ...more,
})
const flowOf = (...stages: readonly StageStatus[]): FlowStatus => ({
  ...{ name: 'shop', on: 'localhost', pid: 1, port: 8080, listeners: [] },
  stages,
})
const at = (nowMs: number) => ({ nowMs, dateMs: 1000 + nowMs })

describe('the graph', () => {
  it('puts each stage behind all that it needs', () => {
    const { boxes, edges, columns, rows } = graphOf([
      { name: 'text', needs: ['gateway'] },
      { name: 'image', needs: ['gateway'] },
      { name: 'small', needs: ['image'] },
      { name: 'rank', needs: ['text', 'small'] },
    ])
    expect(Object.fromEntries(boxes.map(({ name, column, row }) => [name, [column, row]]))).toEqual({
      gateway: [0, 0],
      text: [1, 0],
      image: [1, 1],
      small: [2, 0],
      rank: [3, 0],
    })
    expect(edges.map(({ from, to }) => `${from.name} ${to.name}`)).toEqual([
      'gateway text',
      'gateway image',
      'image small',
      'text rank',
      'small rank',
    ])
    expect([columns, rows]).toEqual([4, 2])
  })

  it('does not depend on the order, and ends with a cycle', () => {
    const names = graphOf([
      { name: 'late', needs: ['early'] },
      { name: 'early', needs: ['gateway'] },
    ]).boxes.map(({ name, column }) => [name, column])
    expect(names).toEqual([
      ['gateway', 0],
      ['early', 1],
      ['late', 2],
    ])
    expect(
      graphOf([
        { name: 'a', needs: ['b'] },
        { name: 'b', needs: ['a'] },
      ]).boxes,
    ).toHaveLength(3)
  })
})

describe('events', () => {
  const between = (before: Partial<PodStatus>, now: Partial<PodStatus>) =>
    eventsBetween(
      flowOf(stageOf('a', [podOf('a/rep-0', before)])),
      flowOf(stageOf('a', [podOf('a/rep-0', now)])),
    )

  it('tell a replica that ended, with the reason, and that it is back', () => {
    const lastEnd = 'a/rep-0 was killed by SIGKILL.'
    expect(between({}, { state: 'backoff', lastEnd })).toEqual([
      { subject: 'a/rep-0', what: 'has ended, and will be restarted', detail: lastEnd, isBad: true },
    ])
    expect(between({ state: 'backoff' }, { restarts: 1 })).toMatchObject([{ what: 'is ready', isBad: false }])
  })

  it('tell one that ended and was back before the next look', () => {
    expect(between({}, { restarts: 1, lastEnd: 'why' })).toEqual([
      { subject: 'a/rep-0', what: 'has ended, and is ready again', detail: 'why', isBad: true },
    ])
    expect(between({ state: 'starting' }, { restarts: 1 })).toMatchObject([{ what: 'is ready' }])
  })

  it('tell nothing of numbers', () => {
    expect(between({}, { inFlight: 7, answered: 99, latencyMs: null })).toEqual([])
  })

  it('tell of scaling, new and ended replicas, degraded stages, and another program', () => {
    const before = flowOf(stageOf('a', [podOf('a/rep-0'), podOf('a/rep-1')]))
    const now = flowOf(stageOf('a', [podOf('a/rep-0')], { degraded: 'no budget' }))
    expect(eventsBetween(before, now).map(({ subject, what }) => `${subject} ${what}`)).toEqual([
      'a is scaled from 2 to 1 replicas',
      'a is degraded',
      'a/rep-1 has ended',
    ])
    expect(eventsBetween(now, before)).toMatchObject([{}, { what: 'is new and ready' }])
    expect(eventsBetween(now, { ...now, pid: 2 })).toMatchObject([{ subject: 'shop' }])
  })
})

describe('a viewer', () => {
  it('knows rates from the second look on, and keeps them between looks that follow a change', () => {
    const viewer = new Viewer()
    const look = (answered: number) => ({ status: flowOf(stageOf('a', [podOf('a/rep-0', { answered })])) })
    expect(viewer.see(look(100), at(0)).stages[0]).toMatchObject({ rate: null, inFlight: 1 })
    expect(viewer.see(look(110), at(1000)).stages[0]!.rate).toBe(10)
    expect(viewer.see(look(500), at(1050)).stages[0]!.rate).toBe(10)
    const third = viewer.see(look(130), at(2000))
    expect(third.stages[0]!.rate).toBe(20)
    expect(third.history.get('a')).toEqual([10, 20])
  })

  it('shows what it knew while the Flow does not answer', () => {
    const viewer = new Viewer()
    expect(viewer.see({ problem: 'It has stopped.' }, at(0))).toMatchObject({ flow: null, stages: [] })
    viewer.see({ status: flowOf(stageOf('a', [podOf('a/rep-0')])) }, at(1))
    const view = viewer.see({ problem: 'It has stopped.' }, at(2))
    expect(view).toMatchObject({
      problem: 'It has stopped.',
      flow: { name: 'shop' },
      stages: [{ name: 'a' }],
    })
  })

  it('gives each shard its replicas and coverage, and says how well a stage is', () => {
    const pods = [podOf('a/shard-1/rep-0'), podOf('a/shard-11/rep-0', { state: 'ejected' })]
    const shards = [
      { name: 'a/shard-1', replicas: 1, ready: 1, asked: 0, failed: 0 },
      { name: 'a/shard-11', replicas: 1, ready: 0, asked: 8, failed: 2 },
    ]
    const status = flowOf(
      stageOf('a', pods, { shards, ready: 1 }),
      stageOf('b', [], { runtime: 'pass-through', shards: [] }),
      stageOf('c', [], { replicas: 1 }),
    )
    const { stages } = new Viewer().see({ status }, at(0))
    expect(stages.map(({ health, scalableShards }) => [health, scalableShards])).toEqual([
      ['reduced', 2],
      ['unknown', 0],
      ['down', 1],
    ])
    expect(stages[0]!.shards).toMatchObject([
      { coverage: null, pods: [{ shortName: 'rep-0', health: 'good' }] },
      { coverage: 0.75, pods: [{ name: 'a/shard-11/rep-0', health: 'bad' }] },
    ])
  })

  it('gives each shard its replicas where their names are those of a platform, and counts no requests there', () => {
    const shards = [0, 1].map((index) => ({
      ...{ name: `a/shard-${index}`, replicas: 1, ready: 1, asked: 0, failed: 0 },
    }))
    const pods = shards.map(({ name: shard }, index) =>
      podOf(`a-${index}-697d798dfd-r5r62`, { shard, inFlight: 0, answered: null, failed: null }),
    )
    const status = flowOf(stageOf('a', pods, { runtime: 'kubernetes', shards }))
    expect(new Viewer().see({ status }, at(0)).stages).toMatchObject([
      { inFlight: null, shards: [{ pods: [{ name: pods[0]!.name }] }, { pods: [{ name: pods[1]!.name }] }] },
    ])
  })
})

describe('the form', () => {
  it('begins with documents and parameters that fit the schema', () => {
    const v1 = {
      type: 'object',
      properties: {
        text: { type: 'string', description: 'What to find' },
        tags: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } },
      },
      required: ['text'],
    }
    const parameters = { name: 'P', model: { type: 'object', properties: { limit: { default: 10 } } } }
    const [typed, plain] = formsOf({
      endpoints: ['_jina_dry_run_', '/search', '/other'],
      streamEndpoints: ['/other'],
      schemas: { '/search': { input: { name: 'A', model: {}, v1 }, parameters } },
    })
    expect(typed).toMatchObject({
      endpoint: '/search',
      isStream: false,
      documents: JSON.stringify([{ text: '', tags: { n: 1 } }], null, 2),
      parameters: JSON.stringify({ limit: 10 }, null, 2),
      fields: [
        { of: 'document', name: 'text', type: 'string', isRequired: true, description: 'What to find' },
        { name: 'tags', type: 'object', isRequired: false },
        { of: 'parameters', name: 'limit' },
      ],
    })
    expect(plain).toMatchObject({ endpoint: '/other', isStream: true, parameters: '{}', fields: [] })
    expect(JSON.parse(plain!.documents)).toEqual([{ text: 'hello' }])
  })

  it('takes examples and choices, and ends with schemas that nest for ever', () => {
    expect(exampleOf({ type: 'string', examples: ['a'] })).toBe('a')
    expect(exampleOf({ enum: ['b', 'c'] })).toBe('b')
    expect(exampleOf({ anyOf: [{ type: 'boolean' }, { type: 'null' }] })).toBe(false)
    expect(exampleOf({ type: 'array', items: { type: 'number' } })).toEqual([0])
    const endless: Record<string, unknown> = { type: 'array' }
    endless['items'] = endless
    expect(JSON.stringify(exampleOf(endless))).toContain('null')
  })
})
