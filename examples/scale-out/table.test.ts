import { expect, it } from 'vitest'
import { limitOf, runOf, table } from './table.js'

it('shows steps, rate and speed-up of every run', () => {
  const runs = [
    runOf(1, { documents: 11_314, seconds: 3, cpuSeconds: 4 }, 3),
    runOf(2, { documents: 11_314, seconds: 1.5, cpuSeconds: 4 }, 3),
  ]
  expect(table(runs).split('\n')).toEqual([
    '  replicas     steps   seconds   steps/s  speed-up',
    '  ────────     ─────   ───────   ───────  ────────',
    '         1       114      3.00      38.0     1.00×',
    '         2       114      1.50      76.0     2.00×',
  ])
})

it.each([
  [4, 2, 'This machine has 2 cores', '1.5×'],
  [4, 8, 'This machine has 8 cores', '6.0×'],
  [6, 1, 'This machine has 1 core,', '1.0×'],
])('tells which speed-up %f s of CPU allow on %i cores', (cpuSeconds, cores, machine, speedUp) => {
  const limit = limitOf(runOf(1, { documents: 11_314, seconds: 3, cpuSeconds }, 3), cores)
  expect(limit).toContain(machine)
  expect(limit).toContain(`can be ${speedUp} at most`)
})

it('tells only the number of cores where the CPU cannot be read', () => {
  const limit = limitOf(runOf(1, { documents: 11_314, seconds: 3, cpuSeconds: undefined }, 3), 2)
  expect(limit).toBe('This machine has 2 cores, which the replicas share with the gateway and this program.')
})
