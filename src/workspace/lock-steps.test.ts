import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MillraceError } from '../errors.js'
import { end, holderOf, temporaryFolder } from './fixtures.suite.js'
import type { Holder } from './holder.js'
import { dropLock, taking } from './lock.js'

const numRuns = 500

interface Pod {
  readonly holder: Holder
  readonly steps: Generator<number, void>
}

interface Outcome {
  readonly flow: string
  readonly hasIt: boolean
}

/** Null while it is still running. */
function step({ holder, steps }: Pod): Outcome | null {
  try {
    return steps.next().done === true ? { flow: holder.flow, hasIt: true } : null
  } catch (error) {
    if (MillraceError.is(error) && error.code === 'WORKSPACE_CONFLICT') {
      return { flow: holder.flow, hasIt: false }
    }
    throw error
  }
}

/** Which pod advances, and by how many steps; the others pause with a view that goes stale. */
type Turn = readonly [pod: number, steps: number]
const turns = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 14 })), { maxLength: 24 })

/** Yields the pod of each step, until the turns are used up and each pod has had many more steps. */
function* orderOf(pods: readonly Pod[], order: readonly Turn[]): Generator<Pod, void> {
  for (const [pod, steps] of [...order, ...pods.map((_, pod): Turn => [pod, 1000])]) {
    for (let n = 0; n < steps; n++) yield pods[pod]!
  }
}

/** @param killed number of the step after which its pod stops */
function run(pods: readonly Pod[], order: readonly Turn[], killed: number | null): Outcome[] {
  const outcomes: Outcome[] = []
  const left = new Set(pods)
  let taken = 0
  for (const pod of orderOf(pods, order)) {
    if (!left.has(pod)) continue
    const outcome = step(pod)
    if (outcome !== null) outcomes.push(outcome)
    if (outcome !== null || taken++ === killed) left.delete(pod)
  }
  return outcomes
}

/** A folder left locked by a Flow that ended, and pods of three Flows, two each, that want it. */
function scene(): { folder: string; pods: Pod[] } {
  const folder = temporaryFolder()
  const locks = join(folder, '.millrace.lock')
  const gone = holderOf()
  end(gone)
  mkdirSync(locks)
  writeFileSync(join(locks, '1'), JSON.stringify(gone))
  const flows = [holderOf(), holderOf(), holderOf()]
  return { folder, pods: [...flows, ...flows].map((holder) => ({ holder, steps: taking(folder, holder) })) }
}

test('in whatever order pods of several Flows take their steps, one Flow gets the folder, for all its pods', () => {
  fc.assert(
    fc.property(turns, (order) => {
      const { folder, pods } = scene()
      const outcomes = run(pods, order, null)
      const [winner, ...others] = new Set(outcomes.filter(({ hasIt }) => hasIt).map(({ flow }) => flow))
      expect(others).toEqual([])
      expect(outcomes.filter(({ flow }) => flow === winner)).toEqual(
        [0, 1].map(() => ({ flow: winner, hasIt: true })),
      )
      rmSync(folder, { recursive: true })
    }),
    { numRuns },
  )
})

test('one that is killed between any two steps keeps nobody out once its Flow has ended, and lets no two in', () => {
  fc.assert(
    fc.property(turns, fc.nat(60), (order, killed) => {
      const { folder, pods } = scene()
      const outcomes = run(pods, order, killed)
      const winners = new Set(outcomes.filter(({ hasIt }) => hasIt).map(({ flow }) => flow))
      expect(winners.size).toBeLessThanOrEqual(1)
      for (const { holder } of pods.slice(0, 3)) end(holder)
      const next = holderOf()
      expect(run([{ holder: next, steps: taking(folder, next) }], [], null)).toEqual([
        { flow: next.flow, hasIt: true },
      ])
      rmSync(folder, { recursive: true })
    }),
    { numRuns },
  )
})

test('a Flow that gives it back while others take it over lets no two in', () => {
  fc.assert(
    fc.property(turns, fc.array(fc.nat(80), { maxLength: 4 }), (order, drops) => {
      const { folder, pods } = scene()
      const left = new Set(pods)
      let has: string | null = null
      let taken = 0
      for (const pod of orderOf(pods, order)) {
        if (has !== null && drops.includes(taken)) {
          for (const { holder } of pods) if (holder.flow === has) dropLock(folder, has)
          for (const other of pods) if (other.holder.flow === has) left.delete(other)
          has = null
        }
        if (!left.has(pod)) continue
        taken++
        const outcome = step(pod)
        if (outcome !== null) left.delete(pod)
        if (outcome?.hasIt !== true) continue
        expect([null, outcome.flow]).toContain(has)
        has = outcome.flow
      }
      rmSync(folder, { recursive: true })
    }),
    { numRuns },
  )
})
