import { describe, expect, test } from 'vitest'
import { MillraceError } from '../errors.js'
import { Branch } from './branch.js'
import { type AbortListener, Cancellation } from './cancellation.js'
import { fromSignal } from './from-signal.js'
import { Scope } from './scope.js'
import { keptByYoungCollections } from '../lib/young-garbage.suite.js'

const left = new MillraceError('CANCELLED', 'left')

/** Writes its name down when it is aborted. */
function listener(name: string, heard: string[], then = (): void => {}): AbortListener {
  return {
    abort({ message }) {
      heard.push(`${name}: ${message}`)
      then()
    },
  }
}

describe('a cancellation', () => {
  test('tells every listener once, with the first reason', () => {
    const heard: string[] = []
    const cancellation = new Cancellation()
    for (const name of ['a', 'b', 'c']) cancellation.onAbort(listener(name, heard))
    cancellation.abort(left)
    cancellation.abort(new MillraceError('CANCELLED', 'again'))
    expect(heard).toEqual(['a: left', 'b: left', 'c: left'])
    expect(cancellation.aborted).toBe(left)
  })

  test('tells a listener at once when it has happened', () => {
    const heard: string[] = []
    const cancellation = new Cancellation()
    cancellation.abort(left)
    cancellation.onAbort(listener('late', heard))
    expect(heard).toEqual(['late: left'])
  })

  test('does not tell a listener that was taken off, also while others are told', () => {
    const heard: string[] = []
    const cancellation = new Cancellation()
    const [gone, second] = [listener('gone', heard), listener('second', heard)]
    cancellation.onAbort(gone)
    cancellation.onAbort(listener('first', heard, () => cancellation.offAbort(second)))
    cancellation.onAbort(second)
    cancellation.offAbort(gone)
    cancellation.offAbort(gone)
    cancellation.abort(left)
    expect(heard).toEqual(['first: left'])
  })

  test('makes a signal when it is asked for one, before or after', () => {
    const early = new Cancellation()
    const { signal } = early
    expect(signal.aborted).toBe(false)
    early.abort(left)
    expect(signal.reason).toBe(left)
    const late = new Cancellation()
    late.abort(left)
    expect(late.signal.reason).toBe(left)
    expect(late.signal).toBe(late.signal)
  })
})

describe('a branch', () => {
  test('aborts with its call, and by itself', () => {
    const call = new Scope(5, { a: 'b' })
    const [one, two] = [new Branch(call), new Branch(call, { deadline: 3 })]
    expect([one.deadline, two.deadline, one.headers]).toEqual([5, 3, { a: 'b' }])
    const own = new MillraceError('CANCELLED', 'own')
    one.abort(own)
    expect(two.aborted).toBeUndefined()
    call.abort(left)
    expect([one.aborted, two.aborted]).toEqual([own, left])
  })

  test('of an aborted call is aborted', () => {
    const call = new Scope(Number.POSITIVE_INFINITY, {})
    call.abort(left)
    expect(new Branch(call).aborted).toBe(left)
  })

  test('that was unlinked lives on', () => {
    const call = new Scope(Number.POSITIVE_INFINITY, {})
    const branch = new Branch(call)
    branch.unlink()
    call.abort(left)
    expect(branch.aborted).toBeUndefined()
  })
})

describe('a signal of a user', () => {
  test('gets one listener, however many calls it is given to', () => {
    const controller = new AbortController()
    let added = 0
    const add = controller.signal.addEventListener.bind(controller.signal)
    Object.assign(controller.signal, {
      addEventListener(...args: Parameters<typeof add>) {
        added++
        add(...args)
      },
    })
    const heard: string[] = []
    for (let call = 0; call < 1000; call++) fromSignal(controller.signal).onAbort(listener(`${call}`, heard))
    expect(added).toBe(1)
    controller.abort(left)
    expect(heard).toHaveLength(1000)
  })

  test('that is aborted already aborts at once; its reason becomes an error', () => {
    expect(fromSignal(AbortSignal.abort(left)).aborted).toBe(left)
    expect(fromSignal(AbortSignal.abort('enough')).aborted).toMatchObject({
      code: 'CANCELLED',
      cause: 'enough',
    })
    const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'))
    expect(fromSignal(late).aborted).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })
})

test('a long stream keeps no request that has ended in memory until the next full collection', () => {
  const stream = new Scope(Number.POSITIVE_INFINITY, {})
  const inFlight: { readonly branch: Branch; readonly large: number[] }[] = []
  const kept = keptByYoungCollections((number) => {
    const branch = new Branch(stream)
    inFlight.push({
      branch,
      large: Object.assign(branch, { large: Array.from({ length: 1000 }, () => number) }).large,
    })
    if (inFlight.length > 8) inFlight.shift()!.branch.unlink()
  })
  // with one Set for all of them it is some ten megabytes
  expect(kept).toBeLessThan(2e6)
})
