import { MillraceError } from '../errors.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { FromPod, ToPod } from './messages.js'

/** The profiles that were ordered from one pod and are not done. */
export class OpenProfiles {
  readonly #open = new Map<number, Deferred>()
  #lastId = 0
  /** Why the pod has exited. */
  #ended: string | undefined

  /** Resolves when the pod has written the file. Rejects with its error, or UNAVAILABLE when it exits before. */
  order(order: ProfileOrder, tell: (message: ToPod) => void): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(gone(this.#ended))
    const id = ++this.#lastId
    const done = deferred()
    this.#open.set(id, done)
    tell({ kind: 'profile', id, order })
    return done.promise
  }

  /** The pod is done with one. */
  done({ id, failure }: Extract<FromPod, { kind: 'profiled' }>): void {
    const done = this.#open.get(id)
    this.#open.delete(id)
    if (failure === undefined) done?.resolve()
    else done?.reject(new MillraceError(failure.code, failure.message))
  }

  /** The pod has exited. */
  end(reason: string): void {
    this.#ended = reason
    for (const done of this.#open.values()) done.reject(gone(reason))
    this.#open.clear()
  }
}

/** In a pod: takes the profile, and says so. */
export async function answerProfile(
  { id, order }: Extract<ToPod, { kind: 'profile' }>,
  tell: (message: FromPod) => void,
): Promise<void> {
  try {
    // loaded on demand: pods start sooner without
    const { takeProfile } = await import('../observe/profile/take-profile.js')
    await takeProfile(order)
    tell({ kind: 'profiled', id })
  } catch (error) {
    const { code, message } = MillraceError.from(error)
    tell({ kind: 'profiled', id, failure: { code, message } })
  }
}

function gone(reason: string): MillraceError {
  return new MillraceError('UNAVAILABLE', `The replica ${reason} before its profile was done.`)
}
