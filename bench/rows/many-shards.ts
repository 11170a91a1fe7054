import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { median } from '../measure/statistics.js'
import type { AskReply, ShardsOptions, ShardsReady } from '../programs/shards.js'
import type { Row } from '../row.js'

const ROUNDS = 5
const SHARDS = 64

interface Start {
  readonly startS: number
  /** CPU of the whole tree until all were ready. */
  readonly cpuS: number
  readonly memoryMb: number
  readonly ok: number
}

/** 64 shards as threads of one process, from `start()` until all have answered, against one. */
export const manyShards: Row = {
  rows: ['21'],
  needs: [],
  async measure() {
    const { one, many } = await interleave(ROUNDS, {
      one: () => measureStart(1),
      many: () => measureStart(SHARDS),
    })
    const values = (runs: readonly Start[], key: keyof Start): number[] => runs.map((run) => run[key])
    const oneMore = (key: keyof Start): number =>
      (median(values(many, key)) - median(values(one, key))) / (SHARDS - 1)
    return [
      {
        ...{ row: '21a', what: 'shards in the answer of 64 thread shards', unit: 'shards' },
        ours: { name: 'Millrace', values: values(many, 'ok') },
        ...{ relation: '≥', must: SHARDS },
      },
      {
        ...{ row: '21b', what: '64 thread shards up and ready, against 1', unit: 's' },
        ours: { name: '64 shards', values: values(many, 'startS') },
        peer: { name: '1 shard', values: values(one, 'startS') },
        ...{ relation: '≤', must: SHARDS },
        note: `one more shard: ${(oneMore('cpuS') * 1000).toFixed(0)} ms of CPU`,
      },
      {
        ...{ row: '21c', what: 'memory of 64 thread shards, PSS of the whole tree, against 1', unit: 'MB' },
        ours: { name: '64 shards', values: values(many, 'memoryMb') },
        peer: { name: '1 shard', values: values(one, 'memoryMb') },
        ...{ relation: '≤', must: SHARDS },
        note: `one more shard: ${oneMore('memoryMb').toFixed(1)} MB`,
      },
    ]
  },
}

async function measureStart(shards: number): Promise<Start> {
  const options: ShardsOptions = { shards, runtime: 'thread' }
  const { program, ready } = await Program.start<ShardsReady>(nodeProgram('shards', options))
  try {
    const { cpuS } = program
    const { ok, docs } = await program.ask<AskReply>({ do: 'ask' })
    if (docs !== 1) throw new Error(`the answer had ${docs} documents`)
    return { startS: ready.startS, cpuS, memoryMb: program.pssBytes / 1e6, ok: shards === 1 ? 1 : ok }
  } finally {
    await program.end()
  }
}
