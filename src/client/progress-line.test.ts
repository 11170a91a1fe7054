import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Progress, progressLine } from './progress-line.js'

const plain = { columns: Number.POSITIVE_INFINITY, colour: false }
const working: Progress = { state: 'working', steps: 0, total: undefined, elapsedMs: 0, frame: 0 }

test('without a known total the bar wraps while it works, and is full when all are done', () => {
  expect(progressLine({ ...working, steps: 115, elapsedMs: 6350 }, plain)).toBe(
    '⠋ Working... ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸━━━━━ 0:00:06 18.1 step/s',
  )
  expect(progressLine({ ...working, state: 'done', steps: 115, elapsedMs: 6350 }, plain)).toBe(
    `⠇       DONE ${'━'.repeat(41)} 0:00:06 18.1 step/s . 115 steps done in 6 seconds`,
  )
})

test('a known total gives percent and time left', () => {
  const line = progressLine({ ...working, steps: 50, total: 200, elapsedMs: 10_000, frame: 3 }, plain)
  expect(line).toBe(
    '⠸ Working... ━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 0:00:10 5.0 step/s 25% ETA: 0:00:30',
  )
})

test('a known total that was reached fills the bar', () => {
  const line = progressLine({ ...working, state: 'done', steps: 2, total: 2, elapsedMs: 65_000 }, plain)
  expect(line).toBe(
    `⠇       DONE ${'━'.repeat(41)} 0:01:05 0.0 step/s 100% . 2 steps done in 1 minute and 5 seconds`,
  )
})

test('less than a second and a single step read well', () => {
  const line = progressLine({ ...working, state: 'done', steps: 1, elapsedMs: 400 }, plain)
  expect(line).toMatch(/ 0:00:00 2\.5 step\/s \. 1 step done in 0\.4 seconds$/)
})

test('a failure says so', () => {
  expect(progressLine({ ...working, state: 'failed', steps: 3, elapsedMs: 1000 }, plain)).toMatch(
    /^⠇ {5}FAILED .* 3 steps done in 1 second$/,
  )
})

test('a line is always narrower than the terminal', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 140 }),
      fc.constantFrom('working', 'done', 'failed'),
      fc.nat(5000),
      fc.option(fc.nat(5000), { nil: undefined }),
      fc.nat(10_000_000),
      (columns, state, steps, total, elapsedMs) => {
        const line = progressLine(
          { state, steps, total, elapsedMs, frame: steps },
          { columns, colour: false },
        )
        expect(line.length).toBeLessThan(Math.max(columns, 1))
      },
    ),
  )
})

test('colour changes nothing but colours', () => {
  const progress = { ...working, steps: 7, total: 9, elapsedMs: 1234 }
  const coloured = progressLine(progress, { columns: 100, colour: true })
  expect(coloured).toContain('\u001b[35m')
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(progressLine(progress, { columns: 100, colour: false }))
})
