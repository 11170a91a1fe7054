import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apply, echo } from './support/apply.js'
import { forward } from './support/forward.js'
import { type LoadReport, type Seen, under } from '../support/load.js'
import { Namespace, type Pod } from './support/namespace.js'

let namespace: Namespace

beforeAll(async () => {
  namespace = await Namespace.create()
  await apply(namespace, new Flow({ name: 'shop' }).add({ name: 'echo', uses: echo, replicas: 3 }))
})

afterAll(() => namespace.remove())

/** Reads and writes of 20 ms through the gateway while something happens. */
async function loaded(title: string, work: (seen: Seen) => Promise<unknown>): Promise<LoadReport> {
  await using gateway = await forward(namespace)
  const report = await under({ host: gateway.host, endpoints: ['/slow', '/index'] }, work)
  const { sent, outcomes, byHost, longestMs } = report
  process.stderr.write(
    `${title}: ${JSON.stringify({ sent, outcomes, byHost, longestMs: Math.round(longestMs) })}\n`,
  )
  return report
}

function expectNothingLost({ sent, outcomes, wrong }: LoadReport): void {
  expect(outcomes).toEqual({ ok: sent })
  expect(wrong).toEqual([])
}

const scale = (replicas: number): Promise<unknown> =>
  namespace.kubectl('scale', 'deployment/echo', '--replicas', String(replicas))

/** When the pod became ready, in ms since the epoch, rounded to a second. */
function readyAt({ status }: Pod): number {
  const condition = status.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True')
  return Date.parse(condition!.lastTransitionTime)
}

describe('under load', () => {
  it('deleted pods lose no request', async () => {
    const report = await loaded('kubectl delete pod', async () => {
      const [one, two] = await namespace.pods('echo')
      for (const pod of [one!, two!]) {
        await namespace.deletePods([pod.metadata.name])
        await namespace.ready()
      }
    })
    expectNothingLost(report)
  })

  it('an added pod gets requests soon after it is ready', async () => {
    const before = new Set((await namespace.pods('echo')).map(({ metadata }) => metadata.name))
    const report = await loaded('kubectl scale 3 to 4', async (seen) => {
      await scale(4)
      await namespace.ready()
      const [fresh] = (await namespace.pods('echo')).filter(({ metadata }) => !before.has(metadata.name))
      const tookMs = (await seen.first(fresh!.metadata.name)) - readyAt(fresh!)
      process.stderr.write(`first answer ${tookMs} ms after the second in which the pod became ready\n`)
    })
    expectNothingLost(report)
  })

  it('scaling to 1 and back to 3 loses no request', async () => {
    const report = await loaded('kubectl scale 1, 3', async () => {
      await scale(1)
      await expect.poll(async () => (await namespace.pods('echo')).length).toBe(1)
      await namespace.ready()
      await scale(3)
      await namespace.ready()
    })
    expectNothingLost(report)
  })

  it('a rollout loses no request', async () => {
    const report = await loaded('kubectl rollout restart', async () => {
      await namespace.kubectl('rollout', 'restart', 'deployment/echo')
      await namespace.ready()
    })
    expectNothingLost(report)
  })

  it('requests wait while the only pod is replaced', async () => {
    await scale(1)
    await expect.poll(async () => (await namespace.pods('echo')).length).toBe(1)
    const report = await loaded('kubectl delete of the only pod', async () => {
      const [only] = await namespace.pods('echo')
      await namespace.deletePods([only!.metadata.name])
      await namespace.ready()
    })
    expectNothingLost(report)
  })
})
