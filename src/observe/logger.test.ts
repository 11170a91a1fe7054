import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from './logger.js'

function logged(options: LoggerOptions, use: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = []
  use(
    createLogger('exec/rep-0', {
      format: 'line',
      colour: false,
      write: (line) => lines.push(line),
      ...options,
    }),
  )
  return lines
}

test('a line has the name, the process, the level and the fields', () => {
  const lines = logged({}, (logger) => {
    logger.info('ready')
    logger.error('gone', { code: 1 })
  })
  expect(lines).toEqual([
    `exec/rep-0@${process.pid}[I]: ready`,
    `exec/rep-0@${process.pid}[E]: gone {"code":1}`,
  ])
})

test('messages below the level are left out', () => {
  const say = (logger: ReturnType<typeof createLogger>) => {
    logger.debug('d')
    logger.info('i')
    logger.warn('w')
    logger.error('e')
  }
  expect(logged({}, say)).toHaveLength(3)
  expect(logged({ level: 'debug' }, say)).toHaveLength(4)
  expect(logged({ level: 'error' }, say)).toHaveLength(1)
  expect(logged({ level: 'silent' }, say)).toEqual([])
})

test('an unknown level in the environment counts as info', () => {
  const before = process.env.MILLRACE_LOG_LEVEL
  process.env.MILLRACE_LOG_LEVEL = 'loud'
  try {
    expect(logged({}, (logger) => logger.info('still here'))).toHaveLength(1)
  } finally {
    if (before === undefined) delete process.env.MILLRACE_LOG_LEVEL
    else process.env.MILLRACE_LOG_LEVEL = before
  }
})

test('JSON lines can be parsed, and a field does not hide what the entry says about itself', () => {
  const [line] = logged({ format: 'json' }, (logger) => logger.warn('slow', { ms: 5, level: 'mine' }))
  expect(JSON.parse(line ?? '')).toMatchObject({
    level: 'warn',
    name: 'exec/rep-0',
    pid: process.pid,
    message: 'slow',
    ms: 5,
  })
})

test('a cycle, a bigint, an error and a throwing getter are logged without an error', () => {
  const cycle: { self?: unknown; twice?: unknown[] } = {}
  cycle.self = cycle
  const shared = { a: 1 }
  cycle.twice = [shared, shared]
  const throwing = {
    get field(): string {
      throw new Error('no')
    },
  }
  const lines = logged({}, (logger) => {
    logger.info('cycle', cycle)
    logger.info('big', { n: 3n, rate: Number.NaN })
    logger.info('error', { error: new TypeError('what') })
    logger.info('getter', throwing)
  })
  expect(lines[0]).toContain('{"self":"[circular]","twice":[{"a":1},{"a":1}]}')
  expect(lines[1]).toContain('{"n":"3","rate":"NaN"}')
  expect(lines[2]).toContain('\nTypeError: what\n')
  expect(lines[3]).toContain('unwritable')
  expect(logged({ format: 'json' }, (logger) => logger.info('getter', throwing))[0]).toContain('unwritable')
})

test('an error among the fields is below the line, with its stack and causes', () => {
  const error = new RangeError('too far', { cause: new TypeError('no wheel') })
  const [line = ''] = logged({}, (logger) => logger.error('failed', { id: 1, error }))
  expect(line).toMatch(/^exec\/rep-0@\d+\[E\]: failed \{"id":1\}\nRangeError: too far\n +at /)
  expect(line).toContain('[cause]: TypeError: no wheel')
  const [json = ''] = logged({ format: 'json' }, (logger) => logger.error('failed', { error }))
  expect(JSON.parse(json)).toMatchObject({
    error: { name: 'RangeError', message: 'too far', cause: { message: 'no wheel' } },
  })
  expect(json.startsWith('{"time":')).toBe(true)
})

test('causes that go in a circle, and an error that throws when it is shown, are logged without an error', () => {
  const circle = new Error('a')
  circle.cause = new Error('b', { cause: circle })
  const hostile = Object.assign(new Error('c'), {
    [Symbol.for('nodejs.util.inspect.custom')]() {
      throw new Error('no')
    },
  })
  for (const format of ['line', 'json'] as const) {
    const lines = logged({ format }, (logger) => {
      logger.error('circle', { error: circle })
      logger.error('hostile', { error: hostile })
    })
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain('Error: c')
  }
})

test('the time is in front where it is wanted', () => {
  const [line = ''] = logged({ time: true }, (logger) => logger.info('x'))
  expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z exec\/rep-0@\d+\[I\]: x$/)
})

test('colour is only in the letter of the level', () => {
  const [line] = logged({ colour: true }, (logger) => logger.info('x'))
  expect(line).toBe(`exec/rep-0@${process.pid}[\u001b[36mI\u001b[39m]: x`)
})
