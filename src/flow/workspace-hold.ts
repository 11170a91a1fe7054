import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { takeFlowId } from '../executor/workspace/flow-id.js'
import { type Holder, renewalMs } from '../executor/workspace/holder.js'
import { mountNamespace, processSpace, processStart } from '../executor/workspace/process-space.js'
import { dropLocks, renewLocks } from '../executor/workspace/token.js'
import type { Clock } from '../lib/clock.js'
import { nextPrivatePath, releasePrivatePath } from '../pods/private-folder.js'

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
  constructor(name: string, clock: Clock) {
    this.#clock = clock
    const shared = takeFlowId()
    this.#isShared = shared !== null
    this.holder = createHolder({ name, shared }, clock.now())
    this.#cancelRenewal = clock.after(renewalMs, () => this.#renew())
    // before the private folder goes, which has the token
    if (open.size === 0) process.prependListener('exit', closeAll)
    open.add(this)
  }

  /** Gives the workspaces back. Idempotent; never throws: a token that is gone frees them as well. */
  close(): void {
    if (!open.delete(this)) return
    if (open.size === 0) process.removeListener('exit', closeAll)
    this.#cancelRenewal()
    const { holder } = this
    if (holder === null) return
    if (!this.#isShared) quietly(() => dropLocks(holder))
    releasePrivatePath(holder.token)
  }

  #renew(): void {
    const { holder } = this
    if (holder !== null) quietly(() => renewLocks(holder, this.#clock.now()))
    this.#cancelRenewal = this.#clock.after(renewalMs, () => this.#renew())
  }
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

function closeAll(): void {
  for (const hold of open) hold.close()
}

/** A folder may be gone, or its disk full: what counts is the token, the rest is for other containers. */
function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // the next renewal tries again
  }
}
