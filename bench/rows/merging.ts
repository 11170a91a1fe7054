import { ensureProtoset, ghz } from '../measure/ghz.js'
import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { searchFile } from '../measure/request-file.js'
import { median } from '../measure/statistics.js'
import type { ShelfOptions } from '../programs/executors.js'
import type { ShardsOptions, ShardsReady } from '../programs/shards.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const SHARDS = 10

/** Matches by their size on the wire; beside their content each has an id and a score, 50 bytes. */
const shelves = {
  small: { matchBytes: 70, shelf: { dim: 0, textBytes: 20 } },
  middle: { matchBytes: 700, shelf: { dim: 128, textBytes: 90 } },
  large: { matchBytes: 7_000, shelf: { dim: 128, textBytes: 6_390 } },
} as const satisfies Record<string, { matchBytes: number; shelf: ShelfOptions }>

type Size = keyof typeof shelves

/** Cost of one `/search` of all shards in the gateway: CPU of its process, without the shards and the client. */
export const merging: Row = {
  rows: ['20'],
  needs: ['jina', 'ghz', 'grpcurl'],
  async measure() {
    await ensureProtoset()
    const programs = await startAll()
    try {
      const runs = {
        small: () => cpuMs(programs.small, 100, 200),
        middle: () => cpuMs(programs.middle, 100, 100),
        large: () => cpuMs(programs.large, 100, 20),
        few: () => cpuMs(programs.middle, 10, 300),
        many: () => cpuMs(programs.middle, 1_000, 20),
      }
      await interleave(1, runs) // warm
      return resultsOf(await interleave(ROUNDS, runs))
    } finally {
      await Promise.all(Object.values(programs).map(({ program }) => program.end()))
    }
  },
}

interface Started {
  readonly program: Program
  readonly port: number
}

async function startAll(): Promise<Record<Size, Started>> {
  const started: Partial<Record<Size, Started>> = {}
  for (const [size, { shelf }] of Object.entries(shelves)) {
    const options: ShardsOptions = { shards: SHARDS, runtime: 'process', shelf }
    const { program, ready } = await Program.start<ShardsReady>(nodeProgram('shards', options))
    started[size as Size] = { program, port: ready.port }
  }
  return started as Record<Size, Started>
}

async function cpuMs({ program, port }: Started, limit: number, requests: number): Promise<number> {
  const before = program.ownCpuS
  await ghz({ port, request: searchFile(limit), requests, inFlight: 2 })
  return ((program.ownCpuS - before) * 1_000) / requests
}

function resultsOf(cpus: Record<Size | 'few' | 'many', number[]>): readonly Result[] {
  const small = { name: '70 bytes', values: cpus.small }
  const middle = { name: '700 bytes', values: cpus.middle }
  return [
    {
      ...{ row: '20a', what: 'gateway CPU a search of 10 shards, limit 100, matches of 700 bytes' },
      ...{ unit: 'ms', ours: middle, peer: small, relation: '≤', must: 10 },
      note: `${slope(cpus.middle, cpus.small, megabytes('middle') - megabytes('small'))} ms more for each MB that the shards answer`,
    },
    {
      ...{ row: '20b', what: 'the same with matches ten times as large', unit: 'ms' },
      ...{ ours: { name: '7000 bytes', values: cpus.large }, peer: middle, relation: '≤', must: 10 },
      note: `${slope(cpus.large, cpus.middle, megabytes('large') - megabytes('middle'))} ms more for each MB`,
    },
    {
      ...{ row: '20c', what: 'the same with ten times as many matches', unit: 'ms' },
      ...{ ours: { name: 'limit 1000', values: cpus.many } },
      ...{ peer: { name: 'limit 100', values: cpus.middle }, relation: '≤', must: 10 },
      note: `${slope(cpus.many, cpus.middle, megabytes('middle') * 9)} ms more for each MB; limit 10 takes ${median(cpus.few).toFixed(2)} ms`,
    },
  ]
}

/** What the shards answer to a search of limit 100. */
function megabytes(size: Size): number {
  return (SHARDS * 100 * shelves[size].matchBytes) / 1e6
}

function slope(more: readonly number[], less: readonly number[], megabytesMore: number): string {
  return ((median(more) - median(less)) / megabytesMore).toFixed(2)
}
