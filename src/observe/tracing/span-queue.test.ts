import { expect, it } from 'vitest'
import { deferred } from '../../lib/deferred.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { SpanQueue } from './span-queue.js'
import { spanForm } from './span-form.js'
import { SpanRecord } from './span-record.js'
import { TraceId } from './trace-context.js'

const form = spanForm('a', 1)

function queued(send: (count: number) => Promise<void>) {
  const clock = new HandClock()
  const said: string[] = []
  const sent: number[] = []
  const queue = new SpanQueue(
    {
      url: 'http://collector:4317/v1/traces',
      send({ count }) {
        sent.push(count)
        return send(count)
      },
      close: () => Promise.resolve(),
    },
    { clock, say: (sentence) => said.push(sentence) },
  )
  const push = (count: number): void => {
    for (let pushed = 0; pushed < count; pushed++)
      queue.push(new SpanRecord(form, { trace: TraceId.random(), parent: undefined }))
  }
  return { clock, said, sent, queue, push }
}

it('spans are sent after a second, or as soon as they fill a message', () => {
  const { clock, sent, push } = queued(() => new Promise(() => {}))
  push(3)
  expect(sent).toEqual([])
  clock.move(1000)
  expect(sent).toEqual([3])
})

it('one message is on its way at a time, and the rest is sent at the end', async () => {
  const first = deferred()
  const { sent, queue, push } = queued(() => first.promise)
  push(5000)
  expect(sent).toEqual([4096])
  first.resolve()
  await queue.close()
  expect(sent).toEqual([4096, 904])
})

it('spans that a slow collector does not take are dropped, and the end does not wait for it', async () => {
  const { clock, said, queue, push } = queued(() => new Promise(() => {}))
  push(4096 + 32_768 + 10)
  expect(said).toEqual([expect.stringMatching(/^Spans are dropped, because http:\/\/collector:4317/)])
  const closed = queue.close()
  clock.move(2000)
  await closed
})

it('a collector that refuses spans is reported once, until it takes some', async () => {
  let isUp = false
  const { clock, said, push, queue } = queued(() =>
    isUp ? Promise.resolve() : Promise.reject(new Error('refused')),
  )
  for (const up of [false, false, true, false]) {
    isUp = up
    push(1)
    clock.move(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(said).toHaveLength(2)
  expect(said[0]).toContain('Port 4317 is usually that of OTLP over gRPC')
  await queue.close()
})
