import { interleave, withRetries } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { FlowOptions } from '../programs/flow.js'
import type { SendersOptions, SendersReply } from '../programs/senders.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const SENDERS = 64

/** Milliseconds of a batch; the same in `programs/executors.ts` and `peers/jina_batching.py`. */
const batchMs = (documents: number): number => 20 + 0.5 * documents

/** The rate of full batches without a pause between them. */
const idealPerS = (size: number): number => (size / batchMs(size)) * 1000

/** A handler of 20 ms and half a millisecond a document, and senders of one document each. */
export const batching: Row = {
  rows: ['31'],
  needs: ['jina'],
  async measure() {
    const command = withRetries(() => Served.start(jinaProgram('jina_batching.py', { size: SENDERS })))
    const served = {
      full: await Served.start(nodeProgram('flow', flow(SENDERS))),
      halves: await Served.start(nodeProgram('flow', flow(SENDERS / 2))),
      alone: await Served.start(nodeProgram('flow', flow())),
      jina: await command(),
    }
    try {
      const runs = {
        full: () => served.full.send(SENDERS, 60),
        halves: () => served.halves.send(SENDERS, 60),
        jina: () => served.jina.send(SENDERS, 60),
      }
      await interleave(1, runs) // warm
      const many = await interleave(ROUNDS, runs)
      const one = await interleave(ROUNDS, {
        batched: () => served.full.send(1, 40),
        alone: () => served.alone.send(1, 40),
      })
      return [
        ...rates('31a', SENDERS, many.full),
        ...rates('31c', SENDERS / 2, many.halves),
        ...others(many, one),
      ]
    } finally {
      await Promise.all(Object.values(served).map((each) => each.end()))
    }
  },
}

/** The rate, and in the next row the 99th percentile. */
function rates(row: string, size: number, replies: readonly SendersReply[]): readonly Result[] {
  const what = `64 senders, batches of ${size} of a handler of 20 ms + 0.5 ms a document`
  const next = String.fromCodePoint(row.codePointAt(2)! + 1)
  return [
    {
      ...{ row, what, unit: 'requests/s' },
      ours: { name: 'Millrace', values: replies.map(({ perS }) => perS) },
      peer: { name: 'ideal', values: [idealPerS(size)] },
      ...{ relation: '≥', must: 0.95 },
    },
    {
      ...{ row: `31${next}`, what: `${what}, p99`, unit: 'ms' },
      ours: { name: 'Millrace', values: replies.map(({ p99Ms }) => p99Ms) },
      peer: { name: 'ideal', values: [(SENDERS / idealPerS(size)) * 1000] },
      ...{ relation: '≤', must: 2 },
    },
  ]
}

function others(
  many: Readonly<Record<'full' | 'jina', readonly SendersReply[]>>,
  one: Readonly<Record<'batched' | 'alone', readonly SendersReply[]>>,
): readonly Result[] {
  return [
    {
      ...{ row: '31e', what: '64 senders, batches of 64 of that handler', unit: 'requests/s' },
      ours: { name: 'Millrace', values: many.full.map(({ perS }) => perS) },
      peer: { name: 'Jina', values: many.jina.map(({ perS }) => perS) },
      ...{ relation: '≥', must: 1.5 },
    },
    {
      ...{ row: '31f', what: 'one sender, that handler, p50', unit: 'ms' },
      ours: { name: 'with batching', values: one.batched.map(({ p50Ms }) => p50Ms) },
      peer: { name: 'without', values: one.alone.map(({ p50Ms }) => p50Ms) },
      ...{ relation: '≤', must: 1.01 },
    },
  ]
}

/** `batchSize`: default no batching. */
function flow(batchSize?: number): FlowOptions {
  const common = { executor: 'batched', stages: 1, replicas: 1, runtime: 'process' } as const
  return batchSize === undefined ? common : { ...common, batchSize }
}

/** A server, and the program that sends it requests. */
class Served {
  readonly #server: Program
  readonly #senders: Program

  private constructor(server: Program, senders: Program) {
    this.#server = server
    this.#senders = senders
  }

  static async start(command: Parameters<typeof Program.start>[0]): Promise<Served> {
    const { program, ready } = await Program.start<{ readonly port: number }>(command)
    const options: SendersOptions = { port: ready.port, request: requestFile(100) }
    return new Served(program, (await Program.start(nodeProgram('senders', options))).program)
  }

  /** Each sender sends `times` requests. */
  send(senders: number, times: number): Promise<SendersReply> {
    return this.#senders.ask<SendersReply>({ do: 'send', senders, requests: senders * times })
  }

  async end(): Promise<void> {
    await Promise.all([this.#senders.end(), this.#server.end()])
  }
}
