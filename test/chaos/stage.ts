import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Flow, type FlowOptions, type StageOptions } from 'millrace'
import { burst, expectNothingLeft, leftovers, type LossReport } from 'millrace/testing'
import { expect } from 'vitest'

const worker = new URL('../fixtures/chaos-executors.mjs#Worker', import.meta.url)

/** The fixture of this folder: a Flow with one stage `work`, whose executions are counted. */
export interface Ground {
  readonly flow: Flow<'work'>
  /** The options that the stage was started with. */
  readonly usesWith: { readonly folder: string }
  /** Executions since the Flow started, by id of the document. */
  executions(): ReadonlyMap<string, number>
}

export interface GroundOptions {
  readonly stage: Omit<StageOptions<'work'>, 'name' | 'uses'>
  readonly flow?: FlowOptions
  /** Growth of memory that is not a leak, in MiB: code, and pages that the allocator keeps. Default 150. */
  readonly growthMiB?: number
}

/** Runs a test on a Flow, closes it, and checks for leaks: processes, sockets, handles, listeners, memory. */
export async function onGround(
  { stage, flow: options = {}, growthMiB = 150 }: GroundOptions,
  play: (ground: Ground) => Promise<void>,
): Promise<void> {
  await (warmedUp ??= warmUp())
  const before = leftovers()
  const memory = await residentMiB()
  const folder = mkdtempSync(path.join(tmpdir(), 'chaos-'))
  const counted = path.join(folder, 'counted')
  mkdirSync(counted)
  const usesWith = { folder: counted }
  // chaos exceeds the restarts that a healthy stage needs
  const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'], ...options }).add({
    name: 'work',
    uses: worker,
    usesWith,
    restarts: { max: 1000 },
    ...stage,
  })
  try {
    await flow.start()
    await play({ flow, usesWith, executions: () => executionsIn(counted) })
  } finally {
    await flow.close()
    rmSync(folder, { recursive: true })
  }
  await expectNothingLeft(before)
  expect((await residentMiB()) - memory, 'growth of resident memory in MiB').toBeLessThan(growthMiB)
}

let warmedUp: Promise<void> | undefined

/**
 * Runs a Flow under load before memory is measured for the first time: its code, and the pages that V8 and the allocator keep
 * afterwards, are up to 250 MiB on Node 24. What a second Flow adds is a leak, or a tenth of that.
 */
async function warmUp(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chaos-'))
  const stage = { uses: worker, usesWith: { folder }, runtime: 'thread', replicas: 4 } as const
  const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] }).add({
    name: 'work',
    ...stage,
  })
  await flow.start()
  for (let round = 0; round < 4; round++) await burst(flow, { endpoint: '/search', requests: 2000 })
  await flow.close()
  rmSync(folder, { recursive: true })
}

/** One line per case, so that CI runs can be compared. */
export function say(title: string, report: LossReport, more: Record<string, unknown> = {}): void {
  const { sent, answered, errors, seconds, p50, p99, recoveredMs, executedTwice } = report
  const figures = {
    sent,
    answered,
    errors,
    executedTwice,
    seconds: round(seconds),
    p50: round(p50),
    p99: round(p99),
    recoveredMs: round(recoveredMs),
    ...more,
  }
  process.stderr.write(`chaos: ${title}: ${JSON.stringify(figures)}\n`)
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Memory of this program, after a garbage collection if the runner allows one. */
export async function residentMiB(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve))
  ;(globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage.rss() / 2 ** 20
}

/** Executions by id of the document, from the files of the pods in a folder. */
export function executionsIn(folder: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of readdirSync(folder)) {
    for (const id of readFileSync(path.join(folder, name), 'utf8').split('\n')) {
      if (id !== '') counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}
