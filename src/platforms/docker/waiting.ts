import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import { gatewayView, readyAddresses } from './gateway-view.js'
import type { FlowNames } from './names.js'
import { lastLines, type Slot } from './replica.js'

/** Polling interval. */
const everyMs = 250
/** Interval of progress reports. */
const reportMs = 10_000

/** A container that must get ready. */
export interface Expected {
  readonly container: Container
  /** Null for the gateway itself. */
  readonly slot: Slot | null
}

export interface WaitingTools {
  readonly gateway: Container
  readonly names: FlowNames
  readonly timeoutMs: number
  /** Ends the wait, which rejects then. */
  readonly signal?: AbortSignal
  report(sentence: string): void
}

/**
 * Resolves when the gateway sends requests to all expected containers.
 *
 * @throws START_FAILED when one of them exits, START_TIMEOUT; with its last output. AbortError by `signal`
 */
export async function untilReady(
  engine: Engine,
  expected: readonly Expected[],
  { gateway, names, timeoutMs, signal, report }: WaitingTools,
): Promise<void> {
  const began = systemClock.monotonic()
  const end = timeoutMs < 0 ? Number.POSITIVE_INFINITY : began + timeoutMs
  let told = began
  let missing = expected
  for (;;) {
    await checkRunning(missing, names)
    missing = await notYetReady(engine, gateway, missing)
    if (missing.length === 0) return
    const now = systemClock.monotonic()
    if (now > end) throw await late(missing, names, timeoutMs)
    if (now - told > reportMs) {
      told = now
      report(`Waiting for ${missing.map((one) => nameOf(one, names)).join(', ')}.`)
    }
    await sleep(everyMs, undefined, { signal }) // unlike a Clock's timer it keeps the process alive while the caller awaits the start
  }
}

async function notYetReady(
  engine: Engine,
  gateway: Container,
  expected: readonly Expected[],
): Promise<readonly Expected[]> {
  const view = await gatewayView(engine, gateway)
  if (view === null) return expected
  const checked = await Promise.all(
    expected.map(async (one) => {
      if (one.slot === null) return true
      const { stage, shard } = one.slot
      const ready = readyAddresses(
        view.stages.find(({ name }) => name === stage),
        shard,
      )
      const addresses = Object.values((await one.container.inspect())?.addresses ?? {})
      return addresses.some((address) => ready.has(address))
    }),
  )
  return expected.filter((_, index) => !checked[index])
}

/** @throws START_FAILED */
async function checkRunning(expected: readonly Expected[], names: FlowNames): Promise<void> {
  for (const one of expected) {
    const facts = await one.container.inspect()
    if (facts?.state === 'running' || facts?.state === 'created') continue
    const output = facts === null ? [] : await lastLines(one.container)
    const reason =
      facts === null
        ? 'was removed'
        : facts.outOfMemory
          ? 'ran out of memory'
          : `exited with code ${facts.exitCode}`
    throw new MillraceError(
      'START_FAILED',
      `${nameOf(one, names)} ${reason} before it was ready.${printed(output)}`,
      { output, where: whereOf(one, names) },
    )
  }
}

async function late(
  missing: readonly Expected[],
  names: FlowNames,
  timeoutMs: number,
): Promise<MillraceError> {
  // the gateway is missing only when it does not answer, and then the state of the others is unknown
  const first = missing.find(({ slot }) => slot === null) ?? missing[0]!
  const output = await recentLines(first.container)
  const all = missing.map((one) => nameOf(one, names)).join(', ')
  return new MillraceError(
    'START_TIMEOUT',
    `${all}: not ready within ${timeoutMs} ms. If loading takes longer, raise timeoutReadyMs (-1 waits forever).${printed(output)}`,
    { output, where: whereOf(first, names) },
  )
}

/** Last output of a running container, which is killed to end its log. */
async function recentLines(container: Container): Promise<readonly string[]> {
  await container.kill()
  return lastLines(container)
}

function nameOf({ slot }: Expected, names: FlowNames): string {
  return slot === null ? names.gateway : names.replica(slot.workload, slot.index)
}

function whereOf(one: Expected, names: FlowNames): { deployment: string; pod: string } {
  return { deployment: one.slot?.stage ?? 'gateway', pod: nameOf(one, names) }
}

function printed(output: readonly string[]): string {
  if (output.length === 0) return ' It printed nothing.'
  return ` Its last output:\n${output.map((line) => `  ${line}`).join('\n')}`
}
