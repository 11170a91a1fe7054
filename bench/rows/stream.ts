import { interleave } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import type { FlowOptions, StreamReply } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const TEXT_BYTES = 100

const flow: FlowOptions = { executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' }

/** `post` of many documents from the program that runs the Flow, through the gateway and one process replica. */
export const stream: Row = {
  rows: ['8'],
  needs: ['jina'],
  async measure() {
    const ours = (await Program.start(nodeProgram('flow', flow))).program
    const jina = (await Program.start(jinaProgram('jina_flow.py', { stages: 1, replicas: 1 }))).program
    try {
      return [
        await compare({ row: '8a', docsPerRequest: 1, oursRequests: 15_000, jinaRequests: 1_000 }),
        await compare({ row: '8b', docsPerRequest: 100, oursRequests: 2_000, jinaRequests: 200 }),
        await compare({ row: '8c', docsPerRequest: 1, oursRequests: 15_000, jinaRequests: 1_000, own: true }),
        await compare({ row: '8d', docsPerRequest: 100, oursRequests: 2_000, jinaRequests: 200, own: true }),
      ]
    } finally {
      await ours.end()
      await jina.end()
    }

    async function compare(sizes: Sizes): Promise<Result> {
      const { row, docsPerRequest, oursRequests, jinaRequests, own = false } = sizes
      const runs = {
        ours: () => rate(ours, oursRequests, docsPerRequest, own ? 'own' : 'grpc'),
        jina: () => rate(jina, jinaRequests, docsPerRequest, 'grpc'),
      }
      await interleave(1, runs) // warm
      const rates = await interleave(ROUNDS, runs)
      const documents = docsPerRequest === 1 ? 'one document' : `${docsPerRequest} documents`
      return {
        ...{ row, what: `${own ? 'flow.post' : 'gRPC stream'}, ${documents} a request`, unit: 'requests/s' },
        ours: { name: 'Millrace', values: rates.ours },
        peer: { name: 'Jina', values: rates.jina },
        ...{ relation: '≥', must: 10, aim: 15 },
      }
    }
  },
}

interface Sizes {
  readonly row: string
  readonly docsPerRequest: number
  readonly oursRequests: number
  readonly jinaRequests: number
  /** Millrace with `flow.post`, without gRPC. */
  readonly own?: boolean
}

async function rate(
  program: Program,
  requests: number,
  docsPerRequest: number,
  client: 'grpc' | 'own',
): Promise<number> {
  const command = { do: 'stream', requests, docsPerRequest, textBytes: TEXT_BYTES, client }
  const { wallS, docs } = await program.ask<StreamReply>(command)
  if (docs !== requests * docsPerRequest)
    throw new Error(`${docs} of ${requests * docsPerRequest} documents came back`)
  return requests / wallS
}
