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
 * A Flow's hold on its workspaces, from before its first pod starts until its last pod has ended: a token, and the locks
 * that its pods list there.
 */
export class WorkspaceHold {
  /** Null when no token can be created; nothing is locked then. */
  readonly holder: Holder | null
  readonly #clock: Clock
  /** Whether other replicas of the Flow may still use the same locks: they are not released here, and expire by age. */
  readonly #isShared: boolean
  #cancelRenewal: () => void

  /** @param name of the Flow */
  constructor(name: string, clock: Clock, { holder, isShared }: Held = ownHold(name, clock.now())) {
    this.#clock = clock
    this.holder = holder
    this.#isShared = isShared
    this.#cancelRenewal = clock.after(renewalMs, () => this.#renew())
    // before the private folder is removed, which contains the token
    if (open.size === 0) process.prependListener('exit', closeAll)
    open.add(this)
  }

  /** For a container of a Flow whose program runs outside: shares the Flow's hold, and renews the locks that are taken here. */
  static joined(holder: Holder | null, clock: Clock): WorkspaceHold {
    const isListedOutside = holder?.mounted !== undefined
    const own = isListedOutside ? holder : holder && joinHolder(holder)
    return new WorkspaceHold('', clock, { holder: own, isShared: false })
  }

  /**
   * Releases the workspaces, unless other replicas of the Flow still use them. Idempotent; never throws: without the token
   * the workspaces are free as well.
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
  /** The id shared by the Flow's replicas. */
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
      // the end of this program says nothing about the other replicas: other processes must judge them by age alone
      space: shared === null ? processSpace() : `flow ${shared}`,
      mounts: shared === null ? mountNamespace() : `flow ${shared}`,
      token,
      startedAt: new Date(nowMs).toISOString(),
    }
  } catch (error) {
    // a service without a workspace must also run where there is no temporary folder
    process.emitWarning(`The workspaces of Flow '${name}' cannot be locked: ${String(error)}`)
    return null
  }
}

/** Null when there is no temporary folder, because the locks could not be renewed. */
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
  // an exiting program cannot ask the other replicas whether it is the last one
  for (const hold of open) hold.close({ isLast: hold.holder?.list === undefined })
}

/** Ignores a missing folder or a full disk: the token is decisive, the rest is only for other containers. */
function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // the next renewal tries again
  }
}
