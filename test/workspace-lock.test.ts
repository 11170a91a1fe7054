import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkspaceHold } from '../dist/internals.js'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Renews no lock. */
const still = { now: () => 0, monotonic: () => 0, after: () => () => {} }

const names = ['A', 'B', 'C']
const podsOfEach = 2
const rounds = 100

interface Outcome {
  readonly flow: string
  readonly code: string | null
}

let folder: string
let contenders: ChildProcess[]
let flows: WorkspaceHold[]
/** A Flow that has ended. */
let gone: WorkspaceHold

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'))
  flows = names.map((name) => new WorkspaceHold(name, still))
  gone = new WorkspaceHold('gone', still)
  gone.close()
  contenders = await Promise.all(
    flows.flatMap(() => Array.from({ length: podsOfEach }, () => startContender())),
  )
})

afterAll(() => {
  for (const flow of flows) flow.close()
  for (const contender of contenders) contender.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function startContender(): Promise<ChildProcess> {
  const contender = fork(new URL('fixtures/contender.mjs', import.meta.url))
  await once(contender, 'message')
  return contender
}

/** A folder with the lock of a Flow that has ended. */
function leaveBehind(shard: string): void {
  const locks = join(shard, '.millrace.lock')
  mkdirSync(locks, { recursive: true })
  writeFileSync(join(locks, '1'), JSON.stringify(gone.holder))
}

async function contend(shard: string): Promise<readonly Outcome[]> {
  leaveBehind(shard)
  const answers = contenders.map(async (contender) => {
    const [outcome] = (await once(contender, 'message')) as [Outcome]
    return outcome
  })
  const at = Date.now() + 3
  contenders.forEach((contender, index) => {
    contender.send({ folder: shard, holder: flows[index % flows.length]!.holder, at })
  })
  return Promise.all(answers)
}

it('when pods of several Flows take over a stale lock at once, one Flow gets it, for all its pods', async () => {
  const winners: string[] = []
  for (let round = 0; round < rounds; round++) {
    const outcomes = await contend(join(folder, String(round)))
    const won = new Set(outcomes.filter(({ code }) => code === null).map(({ flow }) => flow))
    const codes = new Set(outcomes.flatMap(({ code }) => code ?? []))
    expect([...won], `round ${round}: ${JSON.stringify(outcomes)}`).toHaveLength(1)
    expect([...codes]).toEqual(['WORKSPACE_CONFLICT'])
    expect(readdirSync(join(folder, String(round), '.millrace.lock'))).toHaveLength(1)
    winners.push(...won)
  }
  expect(new Set(winners).size).toBeGreaterThan(1)
})

it('a Flow that has ended blocks no other Flow, even if its pods were killed while taking over a lock', async () => {
  for (let round = 0; round < 6; round++) {
    const shard = join(folder, `killed-${round}`)
    const holds = names.map((name) => new WorkspaceHold(name, still))
    const pods = await Promise.all(holds.map(() => startContender()))
    leaveBehind(shard)
    const over = pods.map((pod) => Promise.race([once(pod, 'message'), once(pod, 'exit')]))
    pods.forEach((pod, index) => pod.send({ folder: shard, holder: holds[index]!.holder, at: 0 }))
    await over[round % 3] // the others stop at arbitrary points in between
    for (const pod of pods) pod.kill('SIGKILL')
    await Promise.all(over)
    for (const hold of holds) hold.close()
    const next = contenders[0]!
    const answer = once(next, 'message')
    next.send({ folder: shard, holder: flows[0]!.holder, at: 0 })
    const [outcome] = (await answer) as [Outcome]
    expect(outcome.code).toBeNull()
  }
})
