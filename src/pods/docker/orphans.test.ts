import { expect, test } from 'vitest'
import type { Engine } from '../../docker-engine/engine.js'
import { sweepOnce } from './orphans.js'

test('orphans that cannot be removed keep no container from starting, and are tried again', async () => {
  let asked = 0
  const listContainers = async (): Promise<readonly unknown[]> => {
    if (asked++ === 0) throw new Error('device or resource busy')
    return []
  }
  const engine = { address: 'unix:///fake.sock', docker: { listContainers } } as unknown as Engine
  const said: string[] = []
  for (let pod = 0; pod < 3; pod++) await sweepOnce(engine, (sentence) => said.push(sentence))
  expect(said).toEqual([expect.stringMatching(/cannot be removed: .*device or resource busy/)])
  expect(asked).toBe(2) // the second time nothing was left
})
