import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Flow } from 'millrace'
import { actions, expectNothingLeft, expectZeroLoss, leftovers, randomScript } from 'millrace/testing'
import { expect, it } from 'vitest'

const uses = new URL('../fixtures/chaos-executors.mjs#Worker', import.meta.url)

it.each([1, 2])('a graph with a join, shards and replicas loses no request: script %i', async (seed) => {
  const before = leftovers()
  const folder = mkdtempSync(path.join(tmpdir(), 'graph-chaos-'))
  const stage = { uses, usesWith: { folder }, restarts: { max: 1000 }, replicas: 2 }
  const flow = new Flow({ quiet: true, host: '127.0.0.1', graceMs: 5000 })
    .add({ name: 'left', ...stage })
    .add({ name: 'right', ...stage, needs: 'gateway', runtime: 'thread' })
    .add({ name: 'end', ...stage, needs: ['left', 'right'], shards: 2, polling: 'ALL', runtime: 'thread' })
    .add({ name: 'log', ...stage, replicas: 1, runtime: 'thread', floating: true })
  try {
    await flow.start()
    const script = randomScript({
      seed,
      steps: 6,
      everyMs: 200,
      actions: [
        actions.scale('left', [1, 3]),
        actions.scale('end', [1, 3]),
        actions.kill('left'),
        actions.kill('right'),
        actions.throw('end'),
      ],
    })
    const report = await expectZeroLoss(flow, script.run, {
      endpoint: '/search',
      parameters: { ms: 5 },
      senders: 6,
      seed,
    })
    expect(report).toMatchObject({ lost: 0, twice: 0, errors: {} })
    // nothing outlives its caller, and the floating stage is done a little later
    await expect
      .poll(async () => (await flow.status()).stages.flatMap(({ pods }) => pods.map((pod) => pod.inFlight)))
      .toSatisfy((counts: readonly number[]) => counts.every((count) => count === 0))
  } finally {
    await flow.close()
    rmSync(folder, { recursive: true })
  }
  await expectNothingLeft(before)
})
