import { expect, it } from 'vitest'
import type { Handler } from '../../call/call.js'
import { Scope } from '../../call/scope.js'
import { MillraceError } from '../../errors.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { type Metric, MetricReport } from '../../observe/metrics/report.js'
import { DataRequest } from '../../wire/data-request.js'
import { RequestMeter } from './request-meter.js'

function meterOf(listed: ReadonlySet<string>) {
  const clock = new HandClock()
  const meter = new RequestMeter({
    clock,
    runtimeName: 'gateway/rep-0',
    isListed: (endpoint) => listed.has(endpoint),
  })
  const sender = { patient: false, protocol: 'grpc' }
  const send = (endpoint: string, handler: Handler): Promise<DataRequest> =>
    meter.measure(handler)(DataRequest.create({ endpoint }), new Scope(Number.POSITIVE_INFINITY, {}, sender))
  const samplesOf = (name: string): Metric['samples'] | undefined => {
    const report = new MetricReport()
    meter.collect(report)
    return report.metrics.find((metric) => metric.name === name)?.samples
  }
  return { clock, send, samplesOf }
}

const answers: Handler = (request) => Promise.resolve(request.answer())

it('a request is in flight until it has ended, and its time is that from arrival to answer', async () => {
  const { clock, send, samplesOf } = meterOf(new Set(['/a']))
  let answer = (): void => {}
  const sent = send('/a', (request) => new Promise((resolve) => (answer = () => resolve(request.answer()))))
  expect(samplesOf('millrace_requests_in_flight')).toEqual([{ labels: {}, value: 1 }])
  clock.move(7)
  answer()
  await sent
  expect(samplesOf('millrace_requests_in_flight')).toEqual([{ labels: {}, value: 0 }])
  expect(samplesOf('millrace_request_seconds')).toMatchObject([
    { labels: { endpoint: '/a', protocol: 'grpc' }, value: { sum: 0.007 } },
  ])
})

it('a rejected request counts with its code, and is not among the times of successful ones', async () => {
  const { send, samplesOf } = meterOf(new Set(['/a']))
  const refused = send('/a', () => Promise.reject(new MillraceError('RESOURCE_EXHAUSTED', 'full')))
  await expect(refused).rejects.toThrow('full')
  expect(samplesOf('millrace_requests_total')).toEqual([
    { labels: { endpoint: '/a', protocol: 'grpc', code: 'RESOURCE_EXHAUSTED' }, value: 1 },
  ])
  expect(samplesOf('jina_receiving_request_seconds')).toMatchObject([{ value: { count: 0 } }])
  expect(samplesOf('jina_failed_requests_total')).toMatchObject([{ value: 1 }])
})

it('ten thousand endpoints that nobody lists are one series', async () => {
  const { send, samplesOf } = meterOf(new Set(['/a']))
  await send('/a', answers)
  for (let number = 0; number < 10_000; number++) await send(`/random-${number}`, answers)
  expect(samplesOf('millrace_requests_total')).toEqual([
    { labels: { endpoint: '/a', protocol: 'grpc', code: 'OK' }, value: 1 },
    { labels: { endpoint: 'other', protocol: 'grpc', code: 'OK' }, value: 10_000 },
  ])
})

it('an endpoint has a series of its own once an Executor lists it', async () => {
  const listed = new Set<string>()
  const { send, samplesOf } = meterOf(listed)
  await send('/late', answers)
  listed.add('/late')
  await send('/late', answers)
  expect(samplesOf('millrace_requests_total')?.map(({ labels }) => labels.endpoint)).toEqual([
    'other',
    '/late',
  ])
})
