import { Document, Flow } from 'millrace'

import { commands, options, say } from './answers.js'
import { NoOp, Shelf, type ShelfOptions } from './executors.js'

export interface ShardsOptions {
  readonly shards: number
  readonly runtime: 'process' | 'thread'
  /** The matches that shards answer; by default they pass documents through. */
  readonly shelf?: ShelfOptions
}

export interface ShardsReady {
  readonly port: number
  readonly startS: number
}

export interface AskReply {
  /** Shards that took part in the answer. */
  readonly ok: number
  readonly docs: number
}

const { shards, runtime, shelf } = options<ShardsOptions>()
const uses = shelf === undefined ? { uses: NoOp } : { uses: Shelf, usesWith: { ...shelf } }
const flow = new Flow({ host: '127.0.0.1' }).add({ name: 'shards', shards, runtime, ...uses })

const begin = performance.now()
await flow.start()
say({ port: flow.port, startS: (performance.now() - begin) / 1000 } satisfies ShardsReady)
for await (const _ of commands()) say(await ask())
await flow.close()
say({})

async function ask(): Promise<AskReply> {
  const [response] = await flow.post('/search', [new Document({ id: 'q' })], { returnResponses: true })
  return { ok: response!.shards?.ok ?? 0, docs: response!.docs.length }
}
