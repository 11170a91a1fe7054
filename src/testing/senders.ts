import { Client } from '../client/client.js'
import type { StreamOptions } from '../client/options.js'
import { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Flow } from '../flow/flow.js'
import { errorFromStatus } from '../wire/error-status.js'
import type { Ledger } from './ledger.js'

export interface SendersPlan {
  readonly flow: Flow<string>
  readonly endpoint: string
  /** The last one is a single long stream, the others by turns the Flow's own client and gRPC clients of their own. */
  readonly count: number
  readonly parameters: Readonly<Record<string, unknown>>
  readonly ledger: Ledger
  /** Ends what is under way. */
  readonly signal: AbortSignal
  /** No more requests. */
  enough(): boolean
}

type Poster = Pick<Client, 'post'>

/** Sends, each sender the next request when the last was answered, until it is enough and all is answered. Never rejects. */
export async function send(plan: SendersPlan): Promise<void> {
  const { flow, count } = plan
  const host = `grpc://${dialable(flow.host)}:${flow.port}`
  const clients = Array.from({ length: Math.floor((count - 1) / 2) }, () => new Client({ host }))
  const posters: Poster[] = Array.from({ length: count - 1 }, (_, index) => clients[(index - 1) / 2] ?? flow)
  try {
    await Promise.all([...posters.map((poster) => postAll(poster, plan)), streamAll(plan)])
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

async function postAll(poster: Poster, plan: SendersPlan): Promise<void> {
  const { endpoint, ledger } = plan
  while (!plan.enough()) {
    const id = ledger.send()
    try {
      ledger.answer(id, await poster.post(endpoint, new Document({ id, text: id }), optionsOf(plan)))
    } catch (error) {
      note(plan, id, error)
      await turn()
    }
  }
}

/** One stream after the other: an error of the road ends a stream, and is the answer to all that was under way on it. */
async function streamAll(plan: SendersPlan): Promise<void> {
  while (!plan.enough()) {
    await streamOnce(plan)
    await turn()
  }
}

async function streamOnce(plan: SendersPlan): Promise<void> {
  const { flow, endpoint, ledger } = plan
  const open = new Set<string>()
  function* inputs(): Generator<Document> {
    while (!plan.enough()) {
      const id = ledger.send()
      open.add(id)
      yield new Document({ id, text: id })
    }
  }
  try {
    for await (const { status, docs } of flow.stream(endpoint, inputs(), {
      ...optionsOf(plan),
      requestSize: 1,
      prefetch: 4,
    })) {
      // an answer names its request by the document; a failed one has the document too
      const id = docs.at(0)?.id ?? ''
      open.delete(id)
      if (status.code === 'ERROR') note(plan, id, errorFromStatus(status, { endpoint }))
      else ledger.answer(id, docs)
    }
  } catch (error) {
    for (const id of open) note(plan, id, error)
  }
}

/** A request that was given up is not answered; it stays open. */
function note({ ledger, signal }: SendersPlan, id: string, error: unknown): void {
  if (signal.aborted && MillraceError.from(error).code === 'CANCELLED') return
  ledger.fail(id, error)
}

function optionsOf({ parameters, signal }: SendersPlan): StreamOptions {
  return { parameters, signal }
}

/** A sender that is refused at once must not keep the event loop to itself. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function dialable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '[::1]' : host
}
