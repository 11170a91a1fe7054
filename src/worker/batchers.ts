import type { Target } from '../executor/invoke.js'
import { Batcher } from './batcher.js'
import type { Lane } from './lane.js'
import type { ExecutorSpec } from './spec.js'
import type { WorkerMeter } from './worker-meter.js'

/** The batchers of a replica, by endpoint. */
export type Batchers = ReadonlyMap<string, Batcher>

export interface BatchersOptions {
  readonly spec: Pick<ExecutorSpec, 'maxConcurrency' | 'allowConcurrent'>
  /** Undefined when nothing is measured. */
  readonly meter: WorkerMeter | undefined
}

/** A batcher for each endpoint with batching; undefined when no endpoint has it. */
export function batchersOf(
  targets: ReadonlyMap<string, Target>,
  lane: Lane,
  { spec, meter }: BatchersOptions,
): Batchers | undefined {
  const batchers = [...targets].flatMap(([path, target]): [string, Batcher][] => {
    const { batching, allowConcurrent } = target.endpoint
    if (batching === null) return []
    const unlimited = allowConcurrent || spec.allowConcurrent === true
    const concurrency = spec.maxConcurrency ?? (unlimited ? Number.POSITIVE_INFINITY : 1)
    return [[path, new Batcher(target, { batching, lane, concurrency, times: meter?.batchTimes(path) })]]
  })
  return batchers.length === 0 ? undefined : new Map(batchers)
}

/** How many requests fill the running batches and the next one: any of the endpoints may get all the requests. */
export function roomOf(batchers: Batchers | undefined): number {
  let most = 0
  for (const { room } of batchers?.values() ?? []) most = Math.max(most, room)
  return most
}
