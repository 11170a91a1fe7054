import { describe, expect, it } from 'vitest'
import { chooseFlow } from './connect.js'
import type { FlowSocket } from './sockets.js'

const flow = (name: string, pid: number, path = `/run/${name}-${pid}.sock`): FlowSocket => ({
  name,
  pid,
  path,
})
const shop = flow('shop', 1)
const search = flow('search', 2)

describe('of the Flows that run', () => {
  it('the only one is chosen without a word', () => {
    expect(chooseFlow([shop])).toBe(shop)
  })

  it('one is chosen by name, by a name that no file can have, and by process id', () => {
    expect(chooseFlow([shop, search], 'search')).toBe(search)
    expect(chooseFlow([shop, flow('my_shop', 3)], 'my shop')).toMatchObject({ pid: 3 })
    expect(chooseFlow([shop, search], '1')).toBe(shop)
  })

  it('an unknown name is refused with the nearest and all that run', () => {
    expect(() => chooseFlow([shop, search], 'serach')).toThrow(
      "No Flow 'serach' runs. Did you mean 'search'? There runs: shop (pid 1), search (pid 2).",
    )
  })

  it('several are named', () => {
    expect(() => chooseFlow([shop, search])).toThrow(
      'Several Flows run: shop (pid 1), search (pid 2). Choose one with --flow.',
    )
  })

  it('several of one program are told apart by their sockets', () => {
    expect(() => chooseFlow([shop, flow('shop', 1, '/run/shop-1.2.sock')], 'shop')).toThrow(
      "Several Flows are 'shop': /run/shop-1.sock, /run/shop-1.2.sock. Choose one with --flow.",
    )
  })

  it('none is said to be none', () => {
    expect(() => chooseFlow([])).toThrow('No Flow of this user runs')
  })
})
