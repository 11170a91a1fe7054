/**
 * Bytes that the gateway may hold for its clients, shared out to connections and, below them, to calls.
 *
 * 1. Bytes are reserved before they are held; a reservation that has no room takes nothing.
 * 2. What a budget has in use is the sum of what its shares have.
 * 3. A share holds at most as much as it leaves free. One greedy connection gets half of the budget, and n of them leave
 *    1/(n + 1) to everybody else (dynamic thresholds: Choudhury and Hahne, IEEE/ACM ToN 6(2), 1998).
 * 4. What is closed holds nothing, and reserves nothing any more.
 */
export class Budget {
  readonly limit: number
  #used = 0

  /** @param limit in bytes */
  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  get free(): number {
    return this.limit - this.#used
  }

  /** The part of one connection. */
  share(): Share {
    return new Share(this)
  }

  /** For shares only. */
  change(bytes: number): void {
    this.#used += bytes
  }
}

/** Room for bytes. */
export interface Holding {
  /** False when there is no room; then nothing is reserved. */
  reserve(bytes: number): boolean
  release(bytes: number): void
  /** Why a reservation failed, for a message to the client. */
  explain(bytes: number): string
}

/** For bytes that are bounded elsewhere. */
export const unbounded: Holding = { reserve: () => true, release() {}, explain: () => '' }

/** What one connection holds. */
export class Share {
  readonly #budget: Budget
  #used = 0
  #closed = false

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get used(): number {
    return this.#used
  }

  /** False when there is no room; then nothing is reserved. */
  reserve(bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false
    this.#change(bytes)
    return true
  }

  /** Whether so many bytes more would find room. */
  hasRoom(bytes: number): boolean {
    return !this.#closed && this.#used + bytes <= this.#budget.free - bytes // invariant 3
  }

  release(bytes: number): void {
    if (!this.#closed) this.#change(-bytes)
  }

  /** An account of one call. */
  account(): Account {
    return new Account(this)
  }

  /** Gives everything back, also what calls hold. */
  close(): void {
    this.release(this.#used)
    this.#closed = true // invariant 4
  }

  /** Why a reservation failed, for a message to the client. */
  explain(bytes: number): string {
    const { used, limit } = this.#budget
    return `the gateway holds ${used} of ${limit} bytes, this connection ${this.#used}, and ${bytes} more were needed (limits.maxBytes)`
  }

  #change(bytes: number): void {
    this.#used += bytes
    this.#budget.change(bytes)
  }
}

/** What one call holds. */
export class Account implements Holding {
  readonly #share: Share
  #used = 0
  #closed = false

  constructor(share: Share) {
    this.#share = share
  }

  get used(): number {
    return this.#used
  }

  /** False when there is no room; then nothing is reserved. */
  reserve(bytes: number): boolean {
    if (this.#closed || !this.#share.reserve(bytes)) return false
    this.#used += bytes
    return true
  }

  /** Whether the connection could hold a quarter more: below that, streams are slowed down before anything is refused. */
  get isRoomy(): boolean {
    return this.#share.hasRoom(this.#share.used / 4)
  }

  release(bytes: number): void {
    if (this.#closed) return
    this.#used -= bytes
    this.#share.release(bytes)
  }

  /** Gives everything back. Idempotent. */
  close(): void {
    this.release(this.#used)
    this.#closed = true
  }

  explain(bytes: number): string {
    return this.#share.explain(bytes)
  }
}
