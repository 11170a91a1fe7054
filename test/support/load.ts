import { setTimeout as pause } from 'node:timers/promises'
import { Client, Document, type DocumentArray } from 'millrace'

export interface LoadPlan {
  /** Address of the gateway. */
  readonly host: string
  /** Endpoints, which senders use in turns. */
  readonly endpoints: readonly string[]
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Number of senders; each has its own connection and one request in flight. Default 8. */
  readonly senders?: number
  /** Milliseconds between two requests of a sender. Default 10. */
  readonly everyMs?: number
}

export interface LoadReport {
  readonly sent: number
  /** Number of requests by outcome: `ok`, or a failure. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Requests that got no answer, more than one, or another request's. */
  readonly wrong: readonly string[]
  /** Answers by the host name of the replica that gave them. */
  readonly byHost: Readonly<Record<string, number>>
  readonly longestMs: number
}

/**
 * Sends documents, one per request, from several clients while `work` runs, then waits for all answers. Each document
 * must come back exactly once, in the answer to its own request.
 */
export async function under(plan: LoadPlan, work: (seen: Seen) => Promise<unknown>): Promise<LoadReport> {
  const ledger = new Ledger()
  let over = false
  const senders = Array.from({ length: plan.senders ?? 8 }, (_, index) =>
    send(plan, { ledger, index, isOver: () => over }),
  )
  try {
    await work(ledger)
  } finally {
    over = true
    await Promise.all(senders)
  }
  return ledger.report()
}

/** Observations for the script that runs meanwhile. */
export interface Seen {
  /** Resolves when that replica has answered a request, with the time in ms since the epoch. */
  first(host: string): Promise<number>
  readonly byHost: ReadonlyMap<string, number>
}

interface Sender {
  readonly ledger: Ledger
  readonly index: number
  isOver(): boolean
}

async function send(plan: LoadPlan, { ledger, index, isOver }: Sender): Promise<void> {
  const { endpoints } = plan
  const endpoint = endpoints[index % endpoints.length]!
  await using client = new Client({ host: plan.host })
  for (let number = 0; !isOver(); number++) {
    const id = `${index}-${number}`
    const began = performance.now()
    ledger.sent++
    try {
      const options = { parameters: plan.parameters ?? {} }
      ledger.answer(id, await client.post(endpoint, new Document({ id, text: id }), options))
    } catch (error) {
      ledger.fail(id, error)
    }
    ledger.longestMs = Math.max(ledger.longestMs, performance.now() - began)
    await pause(plan.everyMs ?? 10)
  }
}

class Ledger implements Seen {
  sent = 0
  longestMs = 0
  readonly byHost = new Map<string, number>()
  readonly #outcomes = new Map<string, number>()
  readonly #wrong: string[] = []
  readonly #firsts = new Map<string, number>()
  readonly #waiting: (() => void)[] = []

  answer(id: string, docs: DocumentArray): void {
    const [doc] = docs
    if (docs.length !== 1 || doc?.id !== id || doc.text !== id)
      this.#wrong.push(
        `${id} was answered with ${docs.length} documents: ${[...docs].map((one) => one.id).join()}`,
      )
    const host = String(doc?.tags.host)
    count(this.byHost, host)
    count(this.#outcomes, 'ok')
    if (this.#firsts.has(host)) return
    this.#firsts.set(host, Date.now())
    for (const wake of this.#waiting.splice(0)) wake()
  }

  fail(id: string, error: unknown): void {
    count(this.#outcomes, error instanceof Error ? `${error.message}` : String(error))
    this.#wrong.push(`${id} failed`)
  }

  async first(host: string): Promise<number> {
    for (;;) {
      const at = this.#firsts.get(host)
      if (at !== undefined) return at
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  report(): LoadReport {
    return {
      sent: this.sent,
      outcomes: Object.fromEntries(this.#outcomes),
      wrong: this.#wrong,
      byHost: Object.fromEntries(this.byHost),
      longestMs: this.longestMs,
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
