import { expect, test } from 'vitest'
import { gpusOf, limitsOf } from './limits.js'

test('Kubernetes quantities are converted to the units of the engine', () => {
  expect(limitsOf({ limits: { cpu: '500m', memory: '1Gi' }, requests: { memory: '512M' } })).toEqual({
    NanoCpus: 500_000_000,
    Memory: 2 ** 30,
    MemorySwap: 2 ** 30,
    MemoryReservation: 512_000_000,
  })
  expect(limitsOf({})).toEqual({})
})

test('gpus are all, a number, or a list of devices', () => {
  const asked = (gpus: Parameters<typeof gpusOf>[0]): unknown => gpusOf(gpus).DeviceRequests?.[0]
  expect(asked('all')).toMatchObject({ Count: -1, Capabilities: [['gpu']] })
  expect(asked(2)).toMatchObject({ Count: 2 })
  expect(asked('device=0,2')).toMatchObject({ DeviceIDs: ['0', '2'] })
  expect(gpusOf(null)).toEqual({})
})
