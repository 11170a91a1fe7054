/** The rest is headroom for released memory that V8 has not collected yet: it collects after some 64 MiB. */
const reservable = 0.75

/**
 * Bytes that the gateway may hold for its clients, divided among connections and their calls.
 *
 * 1. Bytes are reserved before they are held; a reservation that does not fit reserves nothing.
 * 2. The used bytes of a budget are the sum of the used bytes of its shares.
 * 3. A share holds at most as many bytes as the budget has free afterwards. One greedy connection gets half of the limit,
 *    and n of them leave 1/(n + 1) to all others (dynamic thresholds: Choudhury and Hahne, IEEE/ACM ToN 6(2), 1998).
 * 4. A closed share or account holds no bytes and reserves none.
 */
export class Budget {
  /** Bytes that may be reserved. */
  readonly limit: number
  #used = 0

  /** @param bytes by which the memory of the process may grow */
  constructor(bytes: number) {
    this.limit = Math.floor(bytes * reservable)
  }

  get used(): number {
    return this.#used
  }

  get free(): number {
    return this.limit - this.#used
  }

  /** Creates the share of one connection. */
  share(): Share {
    return new Share(this)
  }

  /** Called by shares only. */
  change(bytes: number): void {
    this.#used += bytes
  }
}

/** Reserves and releases bytes. */
export interface Holding {
  /** False when the bytes do not fit; then nothing is reserved. */
  reserve(bytes: number): boolean
  release(bytes: number): void
  /** Why a reservation failed, for a message to the client. */
  explain(bytes: number): string
}

/** A holding without a limit, for bytes that are bounded elsewhere. */
export const unbounded: Holding = { reserve: () => true, release() {}, explain: () => '' }

/** The bytes of one connection. */
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

  /** False when the bytes do not fit; then nothing is reserved. */
  reserve(bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false
    this.#change(bytes)
    return true
  }

  /** Whether this many more bytes fit. */
  hasRoom(bytes: number): boolean {
    return !this.#closed && this.#used + bytes <= this.#budget.free - bytes // invariant 3
  }

  release(bytes: number): void {
    if (!this.#closed) this.#change(-bytes)
  }

  /** Creates the account of one call. */
  account(): Account {
    return new Account(this)
  }

  /** Releases everything, including the bytes of calls. */
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

/** The bytes of one call. */
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

  /** False when the bytes do not fit; then nothing is reserved. */
  reserve(bytes: number): boolean {
    if (this.#closed || !this.#share.reserve(bytes)) return false
    this.#used += bytes
    return true
  }

  /** Whether the connection could hold a quarter more. If not, streams are slowed down before anything is refused. */
  get isRoomy(): boolean {
    return this.#share.hasRoom(this.#share.used / 4)
  }

  release(bytes: number): void {
    if (this.#closed) return
    this.#used -= bytes
    this.#share.release(bytes)
  }

  /** Releases everything. Idempotent. */
  close(): void {
    this.release(this.#used)
    this.#closed = true
  }

  explain(bytes: number): string {
    return this.#share.explain(bytes)
  }
}
