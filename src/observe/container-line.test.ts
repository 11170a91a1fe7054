import { describe, expect, it } from 'vitest'
import { containerLine } from './container-line.js'
import { createLogger } from './logger.js'
import type { PodLog } from './pod-line.js'

const time = Date.parse('2026-11-30T12:00:00Z')
const text: PodLog = { format: 'line', style: { colour: false, time: false } }
const json: PodLog = { format: 'json', style: { colour: false, time: false } }

/** What a logger in a container writes. */
function written(format: 'line' | 'json', message: string, fields?: object): string {
  let line = ''
  const options = { format, time: true, relays: false, rules: { level: null, format: null, redact: [] } }
  createLogger('cashier', { ...options, write: (one) => (line = one) }).warn(message, fields)
  return line
}

function shown(line: string, log: PodLog): string {
  return containerLine({ name: 'shop-cashier-0', time, text: line }, log)
}

describe('a line of a container', () => {
  it('that its logger wrote is shown as that of another pod, from either format', () => {
    for (const format of ['line', 'json'] as const) {
      const line = written(format, 'paid', { documents: 1, token: 'abc' })
      expect(shown(line, text)).toBe(
        `shop-cashier-0@${process.pid}[W]: paid {"documents":1,"token":"[redacted]"}`,
      )
      expect(JSON.parse(shown(line, json))).toMatchObject({
        ...{ level: 'warn', name: 'shop-cashier-0', pid: process.pid, message: 'paid' },
        ...{ documents: 1, token: '[redacted]' },
      })
    }
  })

  it('keeps a message with braces, and fields that say what only an entry may', () => {
    expect(JSON.parse(shown('a@7[I]: odd {"x', json))).toMatchObject({ message: 'odd {"x' })
    expect(JSON.parse(shown('a@7[I]: odd {"level":"error","b":1}', json))).toMatchObject({
      ...{ level: 'info', message: 'odd', b: 1 },
    })
  })

  it('that was only printed has the name of its pod, and is a message in JSON', () => {
    expect(shown('cashier@9: hello', text)).toBe('shop-cashier-0@9: hello')
    expect(shown('hello', text)).toBe('shop-cashier-0@1: hello')
    for (const line of ['hello', '{"level":"info","message":"b"}', '{broken', '[1]'])
      expect(JSON.parse(shown(line, json))).toMatchObject({
        ...{ time: '2026-11-30T12:00:00.000Z', level: 'info', name: 'shop-cashier-0', message: line },
      })
  })

  it('has the stack of an error below it when it was written as JSON', () => {
    const error = new RangeError('no')
    const lines = shown(written('json', 'failed', { error, requestId: 'r' }), text).split('\n')
    expect(lines.slice(0, 2)).toEqual([
      `shop-cashier-0@${process.pid}[W]: failed {"requestId":"r"}`,
      'RangeError: no',
    ])
    expect(lines[2]).toMatch(/^ {4}at /)
  })
})
