import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Flow } from 'millrace'
import { actions, expectNothingLeft, expectZeroLoss, leftovers, randomScript, seeded } from 'millrace/testing'
import { expect, it } from 'vitest'
import { executionsIn, say } from './stage.js'

const worker = new URL('../fixtures/chaos-executors.mjs#Worker', import.meta.url)

/** `CHAOS_SEEDS=5,6 npm run test:chaos -- graph` runs other seeds. */
const seeds = (process.env.CHAOS_SEEDS ?? '21').split(',').map(Number)

const cases = seeds.flatMap((seed) => ['/search', '/index'].map((endpoint) => ({ endpoint, seed })))

/** How long an Executor holds a request whose caller leaves; far longer than the test. */
const heldMs = 10 * 60_000

it.each(cases)(
  'a graph with a join, shards and replicas loses nothing and runs no write twice, $endpoint, seed $seed',
  async ({ endpoint, seed }) => {
    const before = leftovers()
    const folder = mkdtempSync(path.join(tmpdir(), 'chaos-'))
    const names = ['left', 'right', 'join'] as const
    const usesWith = (name: string) => ({ folder: path.join(folder, name) })
    for (const name of [...names, 'journal']) mkdirSync(usesWith(name).folder)
    const stage = <const Name extends string>(name: Name) =>
      ({
        name,
        uses: worker,
        usesWith: usesWith(name),
        restarts: { max: 1000 },
        liveness: { timeoutMs: 1000 },
      }) as const
    const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: 'grpc' })
      .add({ ...stage('left'), shards: 2, replicas: 2, polling: { '/index': 'KEY', '/search': 'ALL' } })
      .add({ ...stage('right'), replicas: 3, needs: 'gateway' })
      .add({ ...stage('join'), replicas: 2, needs: ['left', 'right'] })
      .add({ ...stage('journal'), floating: true })
    try {
      await flow.start()
      const leaving = new Leaving(flow, seed)
      const script = randomScript({
        seed,
        steps: 24,
        everyMs: 300,
        actions: [
          actions.scale('right', [2, 4]),
          actions.scale('left', [1, 3]),
          actions.rollingUpdate('join', usesWith('join')),
          actions.executorError('/fail'),
          { name: 'callers leave', run: () => leaving.some() },
          ...names.flatMap((name) => [
            actions.kill(name),
            actions.terminate(name),
            actions.throw(name),
            actions.block(name, 300),
            actions.freeze(name, [50, 2500]),
          ]),
        ],
      })
      const report = await expectZeroLoss(flow, script.run, {
        endpoint,
        parameters: { ms: 5 },
        senders: 24,
        seed,
        executions: () => mostIn(names.map((name) => executionsIn(usesWith(name).folder))),
        // a search asks both shards, and each of them may ask again
        ...(endpoint === '/index' ? { allow: ['OUTCOME_UNKNOWN'] } : { maxExecutions: 8 }),
      })
      await leaving.some()
      // what callers left behind would be held for minutes
      await expect.poll(() => inFlight(flow), { timeout: 30_000 }).toBe(0)
      say(`graph, seed ${seed}, ${endpoint}`, report, { left: leaving.count })
      expect(leaving.count).toBeGreaterThan(0)
    } finally {
      await flow.close()
      rmSync(folder, { recursive: true })
    }
    await expectNothingLeft(before)
  },
)

/** Callers that leave while all branches hold their requests. */
class Leaving {
  readonly #flow: Flow<string>
  readonly #random: () => number
  count = 0

  constructor(flow: Flow<string>, seed: number) {
    this.#flow = flow
    this.#random = seeded(seed)
  }

  async some(): Promise<void> {
    const posts = Array.from({ length: 8 }, async () => {
      const leave = new AbortController()
      const parameters = { ms: heldMs }
      const held = this.#flow.post('/hold', 'x', { parameters, signal: leave.signal, maxAttempts: 1 })
      const ended = held.then(
        () => 'answered',
        () => 'ended',
      )
      setTimeout(() => leave.abort(), this.#random() * 200)
      expect(await ended).toBe('ended')
      this.count += 1
    })
    await Promise.all(posts)
  }
}

async function inFlight(flow: Flow<string>): Promise<number> {
  const { stages } = await flow.status()
  return stages.flatMap(({ pods }) => pods).reduce((sum, pod) => sum + pod.inFlight, 0)
}

/** For each document how often the stage ran it that ran it most often. */
function mostIn(stages: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const most = new Map<string, number>()
  for (const counts of stages)
    for (const [id, count] of counts) most.set(id, Math.max(count, most.get(id) ?? 0))
  return most
}
