import type { PodStatus, StageStatus } from './status.js'

type RequestCounts = Pick<
  StageStatus,
  'waiting' | 'retries' | 'hedges' | 'refused' | 'backgroundRunning' | 'backgroundFailed'
>

/** How counts of a stage are called where people read them. */
const countNames = {
  waiting: 'waiting',
  refused: 'refused',
  retries: 'retries',
  hedges: 'hedges',
  backgroundRunning: 'in the background',
  backgroundFailed: 'failed in the background',
} as const satisfies Readonly<Record<keyof RequestCounts, string>>

/** Those counts of a stage that are not 0, with their names. */
export function shownCounts(stage: RequestCounts): readonly (readonly [name: string, count: number])[] {
  const keys = Object.keys(countNames) as (keyof RequestCounts)[]
  return keys.filter((key) => stage[key] > 0).map((key) => [countNames[key], stage[key]] as const)
}

/** Request counts of a stage, summed over the gateway's reports; all zero without a report. */
export function sumCounts(reports: readonly RequestCounts[]): RequestCounts {
  const sums = { waiting: 0, retries: 0, hedges: 0, refused: 0, backgroundRunning: 0, backgroundFailed: 0 }
  for (const report of reports) {
    for (const name of Object.keys(sums) as (keyof RequestCounts)[]) sums[name] += report[name]
  }
  return sums
}

/** Pods that take requests. */
export function countReady(pods: readonly PodStatus[]): number {
  return pods.filter(({ state }) => state === 'ready' || state === 'probing').length
}
