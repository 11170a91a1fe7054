import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Sender } from '../call/call.js'
import { FairQueue, type Waiting } from './fair-queue.js'

interface Named extends Waiting {
  readonly name: string
}

function queueOf() {
  const queue = new FairQueue<Named>()
  const senders = new Map<string, Sender>()
  const senderOf = (name: string, patient = false): Sender => {
    const known = senders.get(name) ?? { patient }
    senders.set(name, known)
    return known
  }
  return {
    queue,
    senderOf,
    push: (name: string, bytes = 0) => queue.push({ name, sender: senderOf(name[0]!), bytes }),
    /** Names in the order in which they are served. */
    serve(count = Number.POSITIVE_INFINITY) {
      const order: string[] = []
      const take = ({ name }: Named): boolean => order.push(name) > 0
      while (order.length < count && queue.serveNext(take));
      return order
    },
  }
}

describe('a fair queue', () => {
  test('serves one sender first come first served', () => {
    const { push, serve } = queueOf()
    for (const name of ['a1', 'a2', 'a3']) push(name)
    expect(serve()).toEqual(['a1', 'a2', 'a3'])
  })

  test('serves several in turns, those of which one waits first', () => {
    const { push, serve } = queueOf()
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) push(name)
    expect(serve()).toEqual(['c1', 'a1', 'b1', 'a2', 'b2', 'a3'])
  })

  test.each([1, 2, 100])(
    'serves who comes while %d others have thousands after one of theirs at most',
    (others) => {
      const { queue, push, serve } = queueOf()
      for (let other = 0; other < others; other++) {
        for (let n = 0; n < 1000; n++) queue.push({ name: 'x', sender: sender(other), bytes: 0 })
      }
      serve(3 * others)
      for (let round = 0; round < 50; round++) {
        push('mine')
        expect(serve(2)).toContain('mine')
        serve(round % 3)
      }
    },
  )

  test('does not let those wait who have more, however many come that are new', () => {
    const { push, queue, serve } = queueOf()
    for (let n = 0; n < 20; n++) push('greedy')
    serve(1)
    let greedy = 0
    for (let step = 0; step < 30; step++) {
      for (let news = 0; news < 2; news++)
        queue.push({ name: 'new', sender: sender(1000 + 2 * step + news), bytes: 0 })
      greedy += serve(2).filter((name) => name === 'greedy').length
    }
    expect(greedy).toBeGreaterThanOrEqual(5)
  })

  test('tells how many are served before one that comes now', () => {
    const { queue, push, senderOf, serve } = queueOf()
    expect(queue.ahead(senderOf('m'))).toBe(0)
    for (let n = 0; n < 10; n++) push('a')
    serve(1)
    expect(queue.ahead(senderOf('m'))).toBe(0)
    expect(queue.ahead(senderOf('a'))).toBe(9)
    push('b1')
    expect(queue.ahead(senderOf('m'))).toBe(2)
    expect(queue.ahead(senderOf('b'))).toBe(4)
    push('b2')
    expect(queue.ahead(senderOf('m'))).toBe(0)
    expect(queue.ahead(senderOf('b'))).toBe(6)
  })

  test('gives up the newest of who has most, when another who has less wants to come', () => {
    const { queue, push, senderOf, serve } = queueOf()
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) push(name)
    expect(queue.evict(senderOf('m'), 'requests', 0)?.name).toBe('a3')
    expect(queue.evict(senderOf('a'), 'requests', 0)).toBeUndefined()
    expect(queue.length).toBe(4)
    expect(serve()).toEqual(['a1', 'b1', 'a2', 'b2'])
  })

  test('counts bytes of each sender, too', () => {
    const { queue, push, senderOf } = queueOf()
    for (const name of ['a1', 'a2', 'a3']) push(name, 10)
    for (const name of ['b1', 'b2']) push(name, 400)
    expect(queue.evict(senderOf('m'), 'bytes', 100)?.name).toBe('b2')
    expect(queue.evict(senderOf('m'), 'bytes', 500)).toBeUndefined()
    expect(queue.bytes).toBe(430)
  })

  test('leaves patient senders what they have', () => {
    const { queue, senderOf } = queueOf()
    for (let n = 0; n < 9; n++) queue.push({ name: 'p', sender: senderOf('p', true), bytes: 0 })
    expect(queue.evict(senderOf('m'), 'requests', 0)).toBeUndefined()
  })

  describe('with clients at several addresses', () => {
    const at = (address: string): Sender => ({ patient: false, address })

    test('serves one that comes after one request of another, which has hundreds of connections with one request each', () => {
      const { queue, serve } = queueOf()
      for (let n = 0; n < 500; n++) queue.push({ name: 'theirs', sender: at('10.0.0.1'), bytes: 0 })
      serve(1)
      for (let round = 0; round < 50; round++) {
        queue.push({ name: 'mine', sender: at('10.0.0.2'), bytes: 0 })
        expect(queue.ahead(at('10.0.0.2'))).toBeLessThanOrEqual(4)
        expect(serve(2)).toContain('mine')
      }
    })

    test('serves each address as often as another with more connections', () => {
      const { queue, serve } = queueOf()
      for (let n = 0; n < 100; n++) queue.push({ name: 'many', sender: at('10.0.0.1'), bytes: 0 })
      const one = at('10.0.0.2')
      for (let n = 0; n < 10; n++) queue.push({ name: 'one', sender: one, bytes: 0 })
      expect(serve(20).filter((name) => name === 'one')).toHaveLength(10)
    })

    test('counts how many are served before one of an address with several senders', () => {
      const { queue, serve } = queueOf()
      const mine = at('10.0.0.1')
      for (let n = 0; n < 3; n++) queue.push({ name: 'mine', sender: mine, bytes: 0 })
      for (let n = 0; n < 9; n++) queue.push({ name: 'theirs', sender: at('10.0.0.2'), bytes: 0 })
      const ahead = queue.ahead(mine)
      queue.push({ name: 'last', sender: mine, bytes: 0 })
      expect(serve().indexOf('last')).toBeLessThanOrEqual(ahead)
      expect(ahead).toBe(7)
    })

    test('gives up the newest of the address with most, also when its connections have one request each', () => {
      const { queue, serve } = queueOf()
      for (const name of ['a', 'b', 'c']) queue.push({ name, sender: at('10.0.0.1'), bytes: 10 })
      queue.push({ name: 'mine', sender: at('10.0.0.2'), bytes: 10 })
      expect(queue.evict(at('10.0.0.2'), 'requests', 10)?.name).toBe('c')
      expect(queue.evict(at('10.0.0.3'), 'bytes', 10)?.name).toBe('b')
      expect(queue.evict(at('10.0.0.1'), 'requests', 10)).toBeUndefined()
      expect(serve().toSorted()).toEqual(['a', 'mine'])
      expect([queue.length, queue.bytes]).toEqual([0, 0])
    })

    test('leaves patient senders what they have, whatever the others at their address have', () => {
      const { queue } = queueOf()
      const patient: Sender = { patient: true, address: '10.0.0.1' }
      for (let n = 0; n < 9; n++) queue.push({ name: 'patient', sender: patient, bytes: 0 })
      expect(queue.evict(at('10.0.0.2'), 'requests', 0)).toBeUndefined()
      queue.push({ name: 'other', sender: at('10.0.0.1'), bytes: 0 })
      expect(queue.evict(at('10.0.0.2'), 'requests', 0)).toBeUndefined()
    })
  })

  test('has every request once, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('push' as const), sender: fc.nat(4) }),
      fc.record({ do: fc.constantFrom('serve', 'remove', 'evict'), sender: fc.nat(4) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new FairQueue<Named>()
        const some = ['10.0.0.1', '10.0.0.2', '', '10.0.0.1', ''].map((address) => ({
          patient: false,
          address,
        }))
        const inside = new Set<Named>()
        for (const [index, { do: what, sender: number }] of steps.entries()) {
          const waiting = { name: String(index), sender: some[number]!, bytes: 1 }
          if (what === 'push') {
            queue.push(waiting)
            inside.add(waiting)
          } else if (what === 'serve') {
            const before = inside.size
            expect(queue.serveNext((next) => inside.delete(next))).toBe(before > 0)
          } else if (what === 'remove') {
            const [first] = inside
            if (first !== undefined) expect(queue.remove(first)).toBe(inside.delete(first))
          } else {
            const evicted = queue.evict(some[number]!, 'requests', 0)
            if (evicted !== undefined) expect(inside.delete(evicted)).toBe(true)
          }
          expect([queue.length, queue.bytes]).toEqual([inside.size, inside.size])
          expect(queue.ahead(some[number]!)).toBeLessThanOrEqual(queue.length)
        }
        while (queue.serveNext((next) => inside.delete(next)));
        expect(inside.size).toBe(0)
      }),
    )
  })
})

const senders = new Map<number, Sender>()
function sender(number: number): Sender {
  const known = senders.get(number) ?? { patient: false }
  senders.set(number, known)
  return known
}
