import { expect, it } from 'vitest'
import { FlowLog } from './flow-log.js'
import type { PodLog } from './pod-line.js'

const rules = { level: null, format: null, redact: [] }
const text: PodLog = { format: 'line', style: { colour: false, time: false } }
const json: PodLog = { ...text, format: 'json' }
const all = { of: null, lines: Number.POSITIVE_INFINITY }

function logOf(limits: { lines?: number; size?: number; all?: number } = {}): {
  log: FlowLog
  printed: string[]
} {
  const printed: string[] = []
  const { lines = 3, size = 1000, all: most = 10_000 } = limits
  const log = new FlowLog(rules, {
    print: (line) => printed.push(line),
    now: () => 0,
    limits: { pod: { lines, size }, all: most },
  })
  return { log, printed }
}

const print = (log: FlowLog, name: string, ...lines: readonly string[]): void => {
  for (const line of lines) log.keep(line, { name, pid: 1 })
}

it('keeps the last lines of each pod, in the order in which they came', () => {
  const { log } = logOf()
  print(log, 'a/rep-0', 'one', 'two')
  print(log, 'b/rep-0', 'three')
  print(log, 'a/rep-0', 'four', 'five')
  const lines = ['a/rep-0@1: two', 'b/rep-0@1: three', 'a/rep-0@1: four', 'a/rep-0@1: five']
  expect(log.read(all, text)).toEqual(lines)
  expect(log.read({ ...all, lines: 2 }, text)).toEqual(lines.slice(-2))
  expect(log.read({ ...all, lines: 0 }, text)).toEqual([])
})

it('keeps no more of a pod than its size, and of all pods than theirs', () => {
  const { log } = logOf({ lines: 1000, size: 25, all: 40 })
  for (let index = 0; index < 5000; index++) print(log, 'a/rep-0', '123456789')
  expect(log.read(all, text)).toHaveLength(2)
  print(log, 'b/rep-0', '123456789', '123456789')
  expect(log.read(all, text)).toHaveLength(4)
  // the fifth line of nine characters is too many: the pod with most loses one
  print(log, 'c/rep-0', '123456789')
  expect(log.read(all, text)).toHaveLength(4)
  expect(log.read({ ...all, of: 'c' }, text)).toHaveLength(1)
})

it('finds a stage, a shard and a pod, and not another whose name begins alike', () => {
  const { log } = logOf()
  for (const name of ['a/shard-1/rep-0', 'a/shard-10/rep-0', 'ab/rep-0']) print(log, name, name)
  const found = (of: string): number => log.read({ ...all, of }, text).length
  expect([found('a'), found('a/shard-1'), found('a/shard-1/rep-0'), found('ab')]).toEqual([2, 1, 1, 1])
})

it('passes later lines on, until told otherwise', () => {
  const { log } = logOf()
  const heard: string[] = []
  const stop = log.follow('a', text, (line) => heard.push(line))
  print(log, 'a/rep-0', 'one')
  print(log, 'b/rep-0', 'two')
  stop()
  print(log, 'a/rep-0', 'three')
  expect(heard).toEqual(['a/rep-0@1: one'])
})

it('prints and keeps what the Flow says itself, in the format of the reader', () => {
  const { log, printed } = logOf()
  log.logger('shop', { isQuiet: false }).warn('late', { ms: 5, token: 'x' })
  expect(printed).toEqual([`shop@${process.pid}[W]: late {"ms":5,"token":"[redacted]"}`])
  const [line = ''] = log.read({ ...all, of: 'gateway' }, json)
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', name: 'shop', message: 'late', ms: 5 })
})

it('a quiet Flow says what is wrong, unless its level is another one', () => {
  const { log, printed } = logOf()
  const quiet = log.logger('shop', { isQuiet: true })
  quiet.info('banner')
  quiet.warn('broken')
  expect(printed).toHaveLength(1)
  const lines: string[] = []
  const loud = new FlowLog({ ...rules, level: 'debug' }, { print: (line) => lines.push(line) })
  loud.logger('shop', { isQuiet: true }).debug('detail')
  expect(lines).toHaveLength(1)
})
