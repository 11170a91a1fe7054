/**
 * Records requests and their answers.
 *
 * 1. A request is open until its first answer or error; a second one of either kind counts as `twice`.
 * 2. An id is the sender's name and a number, so that millions of requests cost one byte each.
 */
import type { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { Latencies } from './latencies.js'

const state = { open: 1, answered: 2, failed: 3 } as const
/** Maximum number of messages kept per kind of failure. */
const samples = 3

export interface LedgerOptions {
  /** Prefix of every id. */
  readonly prefix: string
  /** Codes of errors that do not fail the test. */
  readonly allow: readonly string[]
  /** Throws when an answer does not belong to its request. */
  readonly check: (answer: Document, id: string) => void
}

export class Ledger {
  readonly latencies = new Latencies()
  /** Errors by code, including allowed ones. */
  readonly errors: Record<string, number> = {}
  /** The first few failures of each kind, for the message. */
  readonly complaints: string[] = []
  answered = 0
  failed = 0
  /** Failures that were not allowed. */
  unexpected = 0
  readonly twice: string[] = []
  /** Requests that got another request's answer. */
  readonly foreign: string[] = []
  readonly #options: LedgerOptions
  readonly #allowed: ReadonlySet<string>
  readonly #began = new Map<number, number>()
  #states = new Uint8Array(4096)
  #sent = 0

  constructor(options: LedgerOptions) {
    this.#options = options
    this.#allowed = new Set(options.allow)
  }

  get sent(): number {
    return this.#sent
  }

  /** Ids of requests without an answer. */
  get open(): readonly string[] {
    return [...this.#began.keys()].map((number) => this.#idOf(number))
  }

  /** Ids of requests that were answered with success. */
  *answeredIds(): Generator<string> {
    for (let number = 0; number < this.#sent; number++) {
      if (this.#states[number] === state.answered) yield this.#idOf(number)
    }
  }

  /** True for an id of this ledger. */
  owns(id: string): boolean {
    const { prefix } = this.#options
    return id.startsWith(prefix) && Number(id.slice(prefix.length)) < this.#sent
  }

  /** Records a new request; returns its id. */
  send(): string {
    const number = this.#sent++
    if (number >= this.#states.length) {
      const larger = new Uint8Array(this.#states.length * 2)
      larger.set(this.#states)
      this.#states = larger
    }
    this.#states[number] = state.open
    this.#began.set(number, performance.now())
    return this.#idOf(number)
  }

  /** Records the answer to a request of one document. */
  answer(id: string, documents: Iterable<Document>): void {
    if (Number.isNaN(this.#numberOf(id)))
      return this.#strange(id, `an answer came to '${id}', which was never sent`)
    const [first, ...more] = documents
    if (first === undefined || first.id !== id || more.length > 0) {
      const ids = [first, ...more].map((document) => document?.id ?? 'nothing').join(', ')
      this.#strange(id, `${id} was answered with ${ids}`)
    } else {
      try {
        this.#options.check(first, id)
      } catch (error) {
        this.#strange(id, `${id} has an answer that is not its own: ${MillraceError.from(error).message}`)
      }
    }
    if (this.#close(id, state.answered)) this.answered++
  }

  /** Records the failure of a request. */
  fail(id: string, cause: unknown): void {
    if (!this.#close(id, state.failed)) return
    const { code, message } = MillraceError.from(cause)
    this.failed++
    const times = (this.errors[code] ?? 0) + 1
    this.errors[code] = times
    if (this.#allowed.has(code)) return
    this.unexpected++
    if (times <= samples) this.complaints.push(`${id} failed with ${code}: ${message}`)
  }

  #strange(id: string, complaint: string): void {
    this.foreign.push(id)
    if (this.foreign.length <= samples) this.complaints.push(complaint)
  }

  /** Closes a request; false when it was not open. */
  #close(id: string, to: number): boolean {
    const number = this.#numberOf(id)
    const began = this.#began.get(number)
    if (began === undefined) {
      this.twice.push(id)
      return false
    }
    this.#began.delete(number)
    this.#states[number] = to
    if (to === state.answered) this.latencies.add(performance.now() - began)
    return true
  }

  /** NaN for an id of another ledger. */
  #numberOf(id: string): number {
    const { prefix } = this.#options
    return id.startsWith(prefix) ? Number.parseInt(id.slice(prefix.length), 10) : Number.NaN
  }

  #idOf(number: number): string {
    return `${this.#options.prefix}${number}`
  }
}
