import { describe, expect, it } from 'vitest'
import { numpyShuffled } from './numpy-shuffle.js'

describe('numpyShuffled', () => {
  it.each([
    [0, [6, 11, 4, 10, 2, 8, 1, 7, 9, 3, 0, 5]],
    [1, [2, 3, 4, 10, 1, 6, 0, 7, 11, 9, 8, 5]],
    [42, [10, 9, 0, 8, 5, 2, 1, 11, 4, 7, 3, 6]],
  ])('orders twelve numbers as numpy does with seed %i', (seed, order) => {
    expect([...numpyShuffled(12, seed)]).toEqual(order)
  })

  it('orders the whole corpus as scikit-learn does: once when it is cached, and again when it is loaded', () => {
    const cached = numpyShuffled(11_314, 0)
    const order = Array.from(numpyShuffled(11_314, 1), (index) => cached[index])
    expect(order.slice(0, 8)).toEqual([10179, 349, 10387, 6747, 6379, 8912, 2811, 9930])
    expect(order.slice(-4)).toEqual([8015, 5780, 2455, 5728])
  })

  it('accepts an empty list', () => {
    expect([...numpyShuffled(0, 1)]).toEqual([])
  })
})
