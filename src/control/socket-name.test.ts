import { expect, it } from 'vitest'
import { parseSocketName, socketName } from './socket-name.js'

it.each([
  ['shop', 1, 'shop-12.sock'],
  ['shop', 2, 'shop-12.2.sock'],
  ['../../etc/x y', 1, '______etc_x_y-12.sock'],
  ['a-1', 1, 'a-1-12.sock'],
  ['é'.repeat(99), 3, `${'_'.repeat(24)}-12.3.sock`],
])('the socket of %s, turn %d, is %s', (name, turn, file) => {
  expect(socketName(name, 12, turn)).toBe(file)
  expect(parseSocketName(file)?.pid).toBe(12)
})

it('a file of another kind is no socket', () => {
  for (const file of ['shop.sock', 'shop-x.sock', 'shop-12.sock.bak', '.sock', '-12.sock']) {
    expect(parseSocketName(file)).toBeNull()
  }
})
