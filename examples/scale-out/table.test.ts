import { expect, it } from 'vitest'
import { runOf, table } from './table.js'

it('shows steps, rate and speed-up of every run', () => {
  const runs = [
    runOf(1, { documents: 11_314, seconds: 3 }, 3),
    runOf(2, { documents: 11_314, seconds: 1.5 }, 3),
  ]
  expect(table(runs).split('\n')).toEqual([
    '  replicas     steps   seconds   steps/s  speed-up',
    '  ────────     ─────   ───────   ───────  ────────',
    '         1       114      3.00      38.0     1.00×',
    '         2       114      1.50      76.0     2.00×',
  ])
})
