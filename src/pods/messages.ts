import type { ErrorCode } from '../errors.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { StartStep } from '../worker/construct.js'
import type { Fault } from './fault.js'
import type { PodSpec } from './pod.js'
import type { StartFailure } from './start-failure.js'

/** Messages to a child process or thread. A thread gets `start` as its `workerData`. */
export type ToPod =
  | { readonly kind: 'start'; readonly spec: PodSpec; readonly socketPath: string }
  | { readonly kind: 'stop'; readonly graceMs: number }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'profile'; readonly id: number; readonly order: ProfileOrder }

/** Messages from a child process or thread. `terminated`: its process got SIGTERM, and keeps serving until it is stopped. */
export type FromPod =
  | { readonly kind: 'step'; readonly step: StartStep }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  | { readonly kind: 'terminated' }
  /** The profile with this `id` is written, or has failed. */
  | { readonly kind: 'profiled'; readonly id: number; readonly failure?: ProfileFailure }

export interface ProfileFailure {
  readonly code: ErrorCode
  readonly message: string
}
