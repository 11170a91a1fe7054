import { expect, it } from 'vitest'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { ToPod } from './messages.js'
import { OpenProfiles } from './profiles.js'

const order: ProfileOrder = { kind: 'cpu', seconds: 1, file: '/x' }

it('a profile is done when the pod says so, and fails with what the pod says', async () => {
  const profiles = new OpenProfiles()
  const told: ToPod[] = []
  const done = [1, 2].map(() => profiles.order(order, (message) => told.push(message)))
  expect(told).toEqual([1, 2].map((id) => ({ kind: 'profile', id, order })))
  profiles.done({ kind: 'profiled', id: 2, failure: { code: 'INVALID_OPTION', message: 'no room' } })
  profiles.done({ kind: 'profiled', id: 1 })
  await expect(done[0]).resolves.toBeUndefined()
  await expect(done[1]).rejects.toMatchObject({ code: 'INVALID_OPTION', message: 'no room' })
})

it('fails when the pod exits before', async () => {
  const profiles = new OpenProfiles()
  const done = profiles.order(order, () => {})
  profiles.end('was killed by SIGKILL')
  for (const one of [done, profiles.order(order, () => {})])
    await expect(one).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The replica was killed by SIGKILL before its profile was done.',
    })
})
