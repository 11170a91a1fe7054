import { expect, it } from 'vitest'
import { playMixed } from './mixed.js'

/** `CHAOS_SEEDS=5,6 npm run test:chaos -- mixed` runs other seeds. */
const seeds = (process.env.CHAOS_SEEDS ?? '11,12').split(',').map(Number)

const cases = seeds.flatMap((seed) =>
  (['process', 'thread'] as const).flatMap((runtime) =>
    ['/search', '/index'].map((endpoint) => ({ runtime, endpoint, seed, steps: 20 })),
  ),
)

it.each(cases)('a $runtime stage survives everything at once, $endpoint, seed $seed', async (mixed) => {
  await expect(playMixed(mixed)).resolves.toBeUndefined()
})
