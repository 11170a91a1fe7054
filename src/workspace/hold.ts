import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { takeFlowId } from './flow-id.js'
import { type Holder, renewalMs } from './holder.js'
import { mountNamespace, processSpace, processStart } from './process-space.js'
import { dropLocks, renewLocks } from './token.js'
import type { Clock } from '../lib/clock.js'
import { nextPrivatePath, releasePrivatePath } from './private-folder.js'

const open = new Set<WorkspaceHold>()

/**
 * What a Flow holds its workspaces with, from before its first pod starts until its last one has ended: a token, and the
 * locks that its pods list there.
 */
export class WorkspaceHold {
  /** Null when there can be no token: then nothing is locked. */
  readonly holder: Holder | null
  readonly #clock: Clock
  /** Others may go on with the same locks, which nobody gives back then: they count until they are old. */
  readonly #isShared: boolean
  #cancelRenewal: () => void

  /** @param name of the Flow */
  constructor(name: string, clock: Clock, { holder, isShared }: Held = ownHold(name, clock.now())) {
    this.#clock = clock
    this.holder = holder
    this.#isShared = isShared
    this.#cancelRenewal = clock.after(renewalMs, () => this.#renew())
    // before the private folder goes, which has the token
    if (open.size === 0) process.prependListener('exit', closeAll)
    open.add(this)
  }

  /** In a container of a Flow whose program is outside: the same hold, which renews what is locked here. */
  static joined(holder: Holder | null, clock: Clock): WorkspaceHold {
    const isListedOutside = holder?.mounted !== undefined
    const own = isListedOutside ? holder : holder && joinHolder(holder)
    return new WorkspaceHold('', clock, { holder: own, isShared: false })
  }

  /**
   * Gives the workspaces back, unless others of the same hold go on with them. Idempotent; never throws: a token that is gone
   * frees them as well.
   */
  close({ isLast = true }: { readonly isLast?: boolean } = {}): void {
    if (!open.delete(this)) return
    if (open.size === 0) process.removeListener('exit', closeAll)
    this.#cancelRenewal()
    const { holder } = this
    if (holder === null || holder.mounted !== undefined) return
    if (isLast && !this.#isShared) quietly(() => dropLocks(holder))
    releasePrivatePath(holder.list ?? holder.token)
  }

  #renew(): void {
    const { holder } = this
    if (holder !== null && holder.mounted === undefined) quietly(() => renewLocks(holder, this.#clock.now()))
    this.#cancelRenewal = this.#clock.after(renewalMs, () => this.#renew())
  }
}

interface Held {
  readonly holder: Holder | null
  readonly isShared: boolean
}

function ownHold(name: string, nowMs: number): Held {
  const shared = takeFlowId()
  return { holder: createHolder({ name, shared }, nowMs), isShared: shared !== null }
}

interface Identity {
  readonly name: string
  /** What its replicas have in common. */
  readonly shared: string | null
}

function createHolder({ name, shared }: Identity, nowMs: number): Holder | null {
  const { pid } = process
  try {
    const token = nextPrivatePath('token')
    writeFileSync(token, '', { flag: 'wx', mode: 0o600 })
    return {
      flow: shared ?? randomUUID(),
      name,
      pid,
      processStart: processStart(pid),
      // that this program has ended says nothing of the others: nobody may look for it
      space: shared === null ? processSpace() : `flow ${shared}`,
      mounts: shared === null ? mountNamespace() : `flow ${shared}`,
      token,
      startedAt: new Date(nowMs).toISOString(),
    }
  } catch (error) {
    // a service without a workspace runs where there is no temporary folder, too
    process.emitWarning(`The workspaces of Flow '${name}' cannot be locked: ${String(error)}`)
    return null
  }
}

/** Null where there is no temporary folder: nobody could renew it. */
function joinHolder(holder: Holder): Holder | null {
  try {
    const list = nextPrivatePath('token')
    writeFileSync(list, '', { flag: 'wx', mode: 0o600 })
    return { ...holder, list }
  } catch (error) {
    process.emitWarning(`The workspaces of Flow '${holder.name}' cannot be locked: ${String(error)}`)
    return null
  }
}

function closeAll(): void {
  // a program that just ends has no word from others
  for (const hold of open) hold.close({ isLast: hold.holder?.list === undefined })
}

/** A folder may be gone, or its disk full: what counts is the token, the rest is for other containers. */
function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // the next renewal tries again
  }
}
