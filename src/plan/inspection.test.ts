import { describe, expect, it } from 'vitest'
import { addStage, createPlan, type FlowPlan } from './flow-plan.js'
import { addGather, addInspect, builtPlan } from './inspection.js'
import type { FlowOptions } from './flow-settings.js'

/** `a`, which `watch` inspects, then `b`. */
function inspected(options: FlowOptions = {}): FlowPlan {
  const watched = addInspect(addStage(createPlan(options), { name: 'a' }), { name: 'watch' })
  return addStage(watched, { name: 'b' })
}

/** `~name<needs`, where `~` floats. */
function edges({ stages }: FlowPlan): readonly string[] {
  return stages.map(({ name, needs, floating }) => `${floating ? '~' : ''}${name}<${needs.join()}`)
}

describe('a stage that inspects', () => {
  it('needs the last stage, and is not needed by the next one', () => {
    expect(edges(inspected())).toEqual(['a<gateway', '~watch<a', 'b<a'])
    expect(edges(addInspect(createPlan({}), {}))).toEqual(['~inspect<gateway'])
  })

  it('is joined with the last stage when the Flow is built', () => {
    const built = builtPlan(inspected())
    expect(edges(built)).toEqual(['a<gateway', 'watch<a', 'b<a', 'gather_inspect<b,watch'])
    expect(built.stages.at(-1)).toMatchObject({ reduce: { kind: 'changes' }, inspection: null })
    expect(builtPlan(built)).toBe(built)
  })

  it('runs in the background with inspect: hang', () => {
    expect(edges(builtPlan(inspected({ inspect: 'hang' })))).toEqual(edges(inspected()))
  })

  it('is left out with inspect: remove, and so are its joins', () => {
    const begun = addGather(inspected({ inspect: 'remove' }), {})
    const plan = addStage(addStage(begun, { name: 'c' }), { name: 'd', needs: ['c', 'watch'] })
    expect(edges(builtPlan(plan))).toEqual(['a<gateway', 'b<a', 'c<b', 'd<c,a'])
  })

  it('is joined once, with its Executors behind shards', () => {
    const sharded = { uses: 'docker://p:1', shards: 2, usesAfter: 'docker://p:2' }
    const plan = addGather(
      addInspect(addStage(inspected(), { ...sharded, name: 'parts' }), { ...sharded, name: 'second' }),
      { name: 'all' },
    )
    expect(edges(builtPlan(addStage(plan, { name: 'end' }))).slice(3)).toEqual([
      'parts<b',
      'parts_after<parts',
      'second<parts_after',
      'second_after<second',
      'all<parts_after,watch,second_after',
      'end<all',
    ])
  })
})

describe('usesBefore and usesAfter of a join', () => {
  const around = { usesBefore: 'docker://p:1', usesAfter: 'docker://p:2' }
  const joined = (more: object): FlowPlan =>
    addStage(addStage(createPlan({}), { name: 'a' }), {
      name: 'j',
      needs: ['a', 'gateway'],
      ...around,
      ...more,
    })

  it('are stages of their own, of which the first joins', () => {
    const { stages } = joined({ reduce: 'changes' })
    expect(edges({ ...joined({}), stages })).toEqual([
      'a<gateway',
      'j_before<a,gateway',
      'j<j_before',
      'j_after<j',
    ])
    expect(stages[1]!.reduce).toEqual({ kind: 'changes' })
  })

  it('are ignored where there is nothing to join', () => {
    expect(edges(addStage(createPlan({}), { name: 'a', ...around }))).toEqual(['a<gateway'])
  })
})
