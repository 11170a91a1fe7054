import type { Condition, ContainerState, ContainerStatus, Event, Pod } from './api/live.js'

/** A problem that keeps something from being ready. */
export interface Complaint {
  /** Predicate of a sentence whose subject is the pod: `cannot pull its image …`. */
  readonly sentence: string
  /** Milliseconds to tolerate it: 0 when it cannot recover by itself, Infinity when it may recover at any time. */
  readonly patienceMs: number
  /** Last lines of a crashed container, if the pod's status has them; null when nothing crashed. */
  readonly crash: readonly string[] | null
}

/** Number of crashes after which a container counts as crash-looping. */
const crashes = 3
/** Failed pulls after which the image counts as missing. */
const pulls = 3
/** Failed probes after which they are reported; a few are normal during a start. */
const probes = 3
/** Patience for problems that a user may be fixing: a missing secret, a quota. */
export const shortlyMs = 15_000
/** Patience for failing pulls whose number is not known. */
const pullMs = 90_000

/**
 * The problem of a pod; null when it is ready or shows no problem yet. `events`: those of the pod and its claims, newest last.
 */
export function podComplaint(pod: Pod, events: readonly Event[]): Complaint | null {
  if (pod.metadata.deletionTimestamp !== undefined || isReady(pod)) return null
  const { status } = pod
  if (status?.phase === 'Failed') {
    return complaint(`failed: ${joined(status.reason, status.message) || 'no reason given'}`, shortlyMs)
  }
  const [container] = status?.containerStatuses ?? []
  return (
    scheduling(status?.conditions ?? [], events) ??
    (container === undefined ? preparing(events) : ofContainer(container, events))
  )
}

/** Whether a pod is ready and not terminating. */
export function isReady({ status, metadata }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false
  return (status?.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True')
}

/** The problem of a ReplicaSet or StatefulSet that cannot create its pods. */
export function creationComplaint(failure: { readonly message?: string | undefined }): Complaint {
  const message = failure.message ?? 'no reason given'
  const quota = /exceeded quota/i.test(message) ? 'the quota of the namespace is used up: ' : ''
  return complaint(`gets no pods: ${quota}${message}`, shortlyMs)
}

function scheduling(conditions: readonly Condition[], events: readonly Event[]): Complaint | null {
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status !== 'False') return null
  const claim = lastOf(events, ({ involvedObject, type }) => {
    return involvedObject.kind === 'PersistentVolumeClaim' && type === 'Warning'
  })
  if (claim !== undefined) {
    return waits(`waits for its volume ${claim.involvedObject.name}: ${joined(claim.reason, claim.message)}`)
  }
  const message = scheduled.message ?? lastOf(events, ({ reason }) => reason === 'FailedScheduling')?.message
  return waits(`finds no node: ${message ?? scheduled.reason ?? 'no reason given'}`)
}

/** Scheduled, but without a container yet: volumes or network are being prepared. */
function preparing(events: readonly Event[]): Complaint | null {
  const event = lastOf(events, ({ type }) => type === 'Warning')
  return event === undefined ? null : waits(`is being prepared: ${joined(event.reason, event.message)}`)
}

type Terminated = NonNullable<ContainerState['terminated']>

function ofContainer(container: ContainerStatus, events: readonly Event[]): Complaint | null {
  const { waiting, terminated } = container.state ?? {}
  switch (waiting?.reason) {
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return complaint(`cannot use its image: ${waiting.message ?? waiting.reason}`, 0)
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
      return unpulled(waiting, events)
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return complaint(`cannot start its container: ${joined(waiting.reason, waiting.message)}`, shortlyMs)
    default:
  }
  const died = terminated ?? container.lastState?.terminated
  if (died !== undefined) return crashed(container, died)
  if (container.state?.running === undefined) return preparing(events)
  const probe = lastOf(events, ({ reason, count = 1 }) => reason === 'Unhealthy' && count >= probes)
  return probe === undefined ? null : waits(`runs but is not ready: ${firstLine(probe.message)}`)
}

function unpulled(waiting: { reason?: string; message?: string }, events: readonly Event[]): Complaint {
  const failures = events.filter(
    ({ reason, message }) => reason === 'Failed' && /pull image/i.test(message ?? ''),
  )
  const tries = failures.reduce((sum, { count }) => sum + (count ?? 1), 0)
  // the message of `ImagePullBackOff` has no reason
  const message = failures.at(-1)?.message ?? waiting.message ?? waiting.reason
  const sentence = `cannot pull its image${tries > 1 ? ` (tried ${tries} times)` : ''}: ${firstLine(message)}`
  return complaint(sentence, tries >= pulls ? 0 : pullMs)
}

function crashed({ restartCount, state }: ContainerStatus, died: Terminated): Complaint {
  // a container that runs again has not crashed again yet
  const count = restartCount + (state?.terminated === undefined ? 0 : 1)
  const times = count === 1 ? 'once' : `${count} times`
  const isLooping = count >= crashes && state?.running === undefined
  const patienceMs = isLooping ? 0 : Number.POSITIVE_INFINITY
  return { sentence: `crashed ${times}: ${howEnded(died)}`, patienceMs, crash: lastLines(died) }
}

/** Why a container ended. */
export function howEnded({ reason, signal, exitCode }: Terminated): string {
  if (reason === 'OOMKilled') return 'it used more memory than its limit (OOMKilled)'
  return signal ? `signal ${signal}` : `exit code ${exitCode}`
}

/** The last lines that a container printed, as far as the cluster keeps them with its status. */
export function lastLines({ message = '' }: Terminated): readonly string[] {
  return message
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
}

function complaint(sentence: string, patienceMs: number): Complaint {
  return { sentence: closed(sentence), patienceMs, crash: null }
}

function waits(sentence: string): Complaint {
  return complaint(sentence, Number.POSITIVE_INFINITY)
}

function lastOf(events: readonly Event[], wanted: (event: Event) => boolean): Event | undefined {
  return events.findLast(wanted)
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(': ')
}

function firstLine(text = ''): string {
  return text.trim().split('\n')[0]!
}

/** One line without the full stop at the end. */
function closed(sentence: string): string {
  return sentence.trim().replaceAll(/\s+/g, ' ').replace(/\.$/, '')
}
