import { expect, test } from 'vitest'
import type { LogFormat } from './entry.js'
import { eventKey, relayedLine } from './relay.js'
import { podLine } from './pod-line.js'

const printer = { name: 'exec/rep-0', pid: 7 }
const styled = (format: LogFormat, time = false) => ({ format, style: { colour: false, time } })

function entry(fields?: object, name = printer.name): string {
  return relayedLine({ time: 0, level: 'warn', name, pid: 7, message: 'two\nlines', fields })
}

test('output of an Executor has the name and the process in front, and is a message in JSON', () => {
  expect(podLine('hello', printer, styled('line')).log).toBe('exec/rep-0@7: hello')
  expect(podLine('hello', printer, styled('line', true)).log).toMatch(/^\d{4}-.*Z exec\/rep-0@7: hello$/)
  const { log } = podLine('hello', printer, styled('json'))
  expect(JSON.parse(log ?? '')).toMatchObject({ level: 'info', name: 'exec/rep-0', pid: 7, message: 'hello' })
})

test('an entry of its logger is one line, and is written in the format of the program', () => {
  const line = entry({ n: 1, error: new Error('what') })
  expect(line).not.toContain('\n')
  const { log, kept } = podLine(line, printer, styled('line'))
  expect(log).toMatch(/^exec\/rep-0@7\[W\]: two\nlines \{"n":1\}\nError: what\n/)
  expect(kept).toBe(log)
  expect(JSON.parse(podLine(line, printer, styled('json')).log ?? '')).toMatchObject({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    message: 'two\nlines',
    n: 1,
    error: { message: 'what' },
  })
})

test('what an entry of another process says is not JSON within JSON', () => {
  const inContainer = JSON.stringify({ time: 'now', level: 'info', name: 'exec/rep-0', message: 'x' })
  expect(podLine(inContainer, printer, styled('json')).log).toBe(inContainer)
  expect(JSON.parse(podLine('{"own": 1}', printer, styled('json')).log ?? '')).toMatchObject({
    message: '{"own": 1}',
  })
})

test('one event that several pods log is written once, and again when the same pod logs it again', () => {
  const said = (name: string): string | null =>
    podLine(entry({ [eventKey]: 'request 1' }, name), { name, pid: 7 }, styled('line')).log
  expect(said('exec/rep-0')).not.toBeNull()
  expect(said('exec/rep-1')).toBeNull()
  expect(said('exec/rep-0')).not.toBeNull()
})

test('an entry too long for a line loses its end, and is still one entry', () => {
  const line = relayedLine({
    ...printer,
    time: 0,
    level: 'info',
    message: 'x'.repeat(200_000),
    fields: { a: 'y'.repeat(99_999) },
  })
  expect(line.length).toBeLessThan(64 * 1024)
  expect(podLine(line, printer, styled('line')).log).toMatch(/^exec\/rep-0@7\[I\]: x{1000}/)
})
