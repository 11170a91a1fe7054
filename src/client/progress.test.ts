import { expect, test } from 'vitest'
import type { Clock } from '../lib/clock.js'
import { printLine } from '../observe/standard-error.js'
import { startBar } from './progress.js'

function fakes(isTTY: boolean) {
  let now = 0
  let due: { at: number; wake: () => void } | undefined
  const written: string[] = []
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(ms, wake) {
      const mine = { at: now + ms, wake }
      due = mine
      return () => {
        if (due === mine) due = undefined
      }
    },
  }
  return {
    clock,
    written,
    stream: { isTTY, columns: 100, write: (text: string) => written.push(text) },
    move(ms: number) {
      const end = now + ms
      while (due !== undefined && due.at <= end) {
        const { at, wake } = due
        due = undefined
        now = at
        wake()
      }
      now = end
    },
    get pending() {
      return due !== undefined
    },
  }
}

test('without a terminal there is one plain line, at the end', () => {
  const { clock, stream, written, move } = fakes(false)
  const bar = startBar({ total: undefined, stream, clock })
  bar.step()
  move(2000)
  expect(written).toEqual([])
  bar.end('done')
  bar.end('failed')
  expect(written).toHaveLength(1)
  expect(written[0]).toMatch(/^⠇ {7}DONE ━.* 0:00:02 0\.5 step\/s \. 1 step done in 2 seconds\n$/)
})

test('on a terminal one line is drawn at most ten times a second, however fast steps come', () => {
  const fake = fakes(true)
  const bar = startBar({ total: 10_000, stream: fake.stream, clock: fake.clock })
  for (let step = 0; step < 1000; step++) {
    bar.step()
    fake.move(1)
  }
  const drawn = fake.written.filter((text) => text.includes('Working'))
  expect(drawn.length).toBeLessThanOrEqual(11)
  expect(drawn.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n'))).toBe(true)
  bar.end('done')
  expect(fake.pending).toBe(false)
})

test('the cursor is hidden while the bar runs and shown at the end', () => {
  const fake = fakes(true)
  const listeners = process.listenerCount('exit')
  const bar = startBar({ total: 1, stream: fake.stream, clock: fake.clock })
  expect(fake.written[0]).toBe('\u001b[?25l')
  bar.end('failed')
  expect(fake.written.at(-1)).toBe('\u001b[?25h')
  expect(fake.written.at(-2)).toContain('FAILED')
  expect(process.listenerCount('exit')).toBe(listeners)
})

test('a second bar on the same terminal only says its last line', () => {
  const fake = fakes(true)
  const first = startBar({ total: 1, stream: fake.stream, clock: fake.clock })
  const before = fake.written.length
  const second = startBar({ total: 1, stream: fake.stream, clock: fake.clock })
  expect(fake.written.length).toBe(before)
  second.end('done')
  first.end('done')
  expect(fake.written.filter((text) => text === '\u001b[?25h')).toHaveLength(1)
})

test('a line of the log is printed above a live bar, which is drawn again', () => {
  const fake = fakes(true)
  const bar = startBar({ total: 2, stream: fake.stream, clock: fake.clock })
  fake.written.length = 0
  const before = process.stderr.write
  process.stderr.write = ((text: string) => fake.written.push(text) > 0) as typeof before
  try {
    printLine('exec/rep-0@1: hello')
  } finally {
    process.stderr.write = before
  }
  expect(fake.written).toHaveLength(3)
  expect(fake.written[0]).toBe('\r\u001b[2K')
  expect(fake.written[1]).toBe('exec/rep-0@1: hello\n')
  expect(fake.written[2]).toContain('Working...')
  bar.end('done')
})
