import { Client } from '../client/client.js'
import type { StreamOptions } from '../client-core/options.js'
import { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Flow } from '../flow/flow.js'
import { entriesOf } from '../plan/listeners.js'
import { errorFromStatus } from '../wire/error-status.js'
import type { Ledger } from './ledger.js'

export interface SendersPlan {
  readonly flow: Flow<string>
  readonly endpoint: string
  /**
   * Number of senders. The last one uses a single long stream. The others alternate between the Flow's client and clients of
   * their own, which share out the protocols that the Flow speaks.
   */
  readonly count: number
  readonly parameters: Readonly<Record<string, unknown>>
  readonly ledger: Ledger
  /** Cancels requests in flight. */
  readonly signal: AbortSignal
  /** Stops sending new requests. */
  enough(): boolean
}

type Poster = Pick<Client, 'post'>

/**
 * Each sender sends its next request after the last answer, until `enough()` returns true. Resolves when all are answered;
 * never rejects.
 */
export async function send(plan: SendersPlan): Promise<void> {
  const { flow, count } = plan
  const hosts = entriesOf((await flow.status()).listeners).map(
    ({ scheme, host, port }) => `${scheme}://${dialable(host)}:${port}`,
  )
  const clients = Array.from({ length: Math.floor((count - 1) / 2) }, (_, index) => {
    return new Client({ host: hosts[index % hosts.length]! })
  })
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

/** One stream after the other: a transport error ends a stream and counts as the answer to its requests in flight. */
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
      // the document's id identifies the request, also in failed answers
      const id = docs.at(0)?.id ?? ''
      open.delete(id)
      if (status.code === 'ERROR') note(plan, id, errorFromStatus(status, { endpoint }))
      else ledger.answer(id, docs)
    }
  } catch (error) {
    for (const id of open) note(plan, id, error)
  }
}

/** A cancelled request counts as unanswered. */
function note({ ledger, signal }: SendersPlan, id: string, error: unknown): void {
  if (signal.aborted && MillraceError.from(error).code === 'CANCELLED') return
  ledger.fail(id, error)
}

function optionsOf({ parameters, signal }: SendersPlan): StreamOptions {
  return { parameters, signal }
}

/** Yields to the event loop, so that a sender whose requests are refused at once does not starve others. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The host to dial for a server that binds `host`. */
export function dialable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '[::1]' : host
}
