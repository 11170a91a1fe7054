import { expect, it } from 'vitest'
import { playMixed } from '../chaos/mixed.js'

// a few seconds of what `npm run test:chaos` does for minutes
it.each(['process', 'thread'] as const)(
  'a %s stage survives a short script of all faults',
  async (runtime) => {
    await expect(playMixed({ runtime, endpoint: '/search', seed: 1, steps: 8 })).resolves.toBeUndefined()
  },
)
