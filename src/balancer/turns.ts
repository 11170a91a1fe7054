/** The waiting requests of one member. */
export interface Backlogged {
  readonly length: number
}

/**
 * The order in which members with waiting requests are served.
 *
 * 1. A member without waiting requests is *new* when it adds one, until it has had a turn or adds a second one. New members
 *    go first.
 * 2. New members are served in order of arrival, the others in turns (round robin).
 * 3. After each turn at least one new member is served, and more when there are several new members for each member that
 *    takes turns: neither group starves the other.
 *
 * Source: new and old flows of FQ-CoDel (RFC 8290, section 4.2).
 */
export class Turns<K, B extends Backlogged> {
  readonly #new = new Map<K, B>()
  /** In the order of their next turn. */
  readonly #turns = new Map<K, B>()
  /** How many new members are still served before the next turn. */
  #before = 1

  /** Members with waiting requests. */
  get size(): number {
    return this.#new.size + this.#turns.size
  }

  /** Members that go first. */
  get newcomers(): number {
    return this.#new.size
  }

  get(member: K): B | undefined {
    return this.#turns.get(member) ?? this.#new.get(member)
  }

  *backlogs(): Iterable<B> {
    yield* this.#turns.values()
    yield* this.#new.values()
  }

  /** Notes that a member has one more request. */
  joined(member: K, backlog: B): void {
    if (this.#turns.has(member)) return
    if (this.#new.delete(member) || backlog.length > 1) this.#turns.set(member, backlog)
    else this.#new.set(member, backlog)
  }

  /** Notes that a member has fewer requests, without having had a turn. */
  left(member: K, { length }: B): void {
    if (length > 0) return
    this.#turns.delete(member)
    this.#new.delete(member)
  }

  clear(): void {
    this.#new.clear()
    this.#turns.clear()
  }

  /**
   * Offers the members in the order above to `serve`, which takes a request from the backlog and returns true, or leaves it
   * as it is and returns false; false when no member is served.
   */
  serveNext(serve: (backlog: B) => boolean): boolean {
    return this.#before > 0
      ? this.#serveNew(serve) || this.#serveTurn(serve)
      : this.#serveTurn(serve) || this.#serveNew(serve)
  }

  #serveNew(serve: (backlog: B) => boolean): boolean {
    const isBefore = this.#turns.size > 0
    if (!this.#serveOne(this.#new, serve)) return false
    if (isBefore) this.#before--
    return true
  }

  #serveTurn(serve: (backlog: B) => boolean): boolean {
    if (!this.#serveOne(this.#turns, serve)) return false
    this.#before = Math.max(1, Math.floor(this.#new.size / Math.max(1, this.#turns.size)))
    return true
  }

  #serveOne(backlogs: Map<K, B>, serve: (backlog: B) => boolean): boolean {
    for (const [member, backlog] of backlogs) {
      if (!serve(backlog)) continue
      backlogs.delete(member)
      if (backlog.length > 0) this.#turns.set(member, backlog)
      return true
    }
    return false
  }
}
