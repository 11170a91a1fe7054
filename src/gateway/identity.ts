import { randomUUID } from 'node:crypto'
import type { Description } from '../call/call.js'
import { MillraceError } from '../errors.js'
import {
  decodeRecipient,
  describePod,
  describeRecipient,
  isAnother,
  type PodIdentity,
  type Recipient,
} from '../wire/identity.js'
import type { GatewaySpec, StageSpec } from './spec.js'

/**
 * The identity that a gateway shows to its callers: one pod of a stage if it serves nothing but that stage's own pods, else a
 * whole Flow.
 */
export function identityOf({ name, stages }: GatewaySpec): PodIdentity {
  const instance = randomUUID()
  const [only] = stages
  const isPod = only !== undefined && stages.length === 1 && !only.passThrough && only.external.length === 0
  if (!isPod) return { flow: name, stage: null, part: null, instance }
  return { flow: only.flow, stage: only.name, part: only.part, instance }
}

/** The recipient of the requests for one shard of a stage. `flow`: the Flow of its pods; null if not known. */
export function recipientOf(
  { name: stage, shards, part }: StageSpec,
  shard: number,
  flow: string | null,
): Recipient {
  return { flow, stage, ...(part ?? { shard, shards }) }
}

/** @throws UNAVAILABLE when the peer identifies itself as another pod */
export function requireRecipient({ identity }: Description, recipient: Recipient): void {
  if (identity !== undefined && isAnother(identity, recipient)) {
    throw new MillraceError(
      'UNAVAILABLE',
      `It says that it is ${describePod(identity)}, and ${describeRecipient(recipient)} was expected there. Look at the address.`,
      { notRun: true },
    )
  }
}

/**
 * Creates a check that a call is meant for this pod, from the value of its `recipientHeader`: null when it is, or when
 * there is no value; otherwise the refusal, UNAVAILABLE and not run. A caller sends the same value in every call, so the
 * last value that matched is remembered.
 */
export function recipientCheck(pod: PodIdentity): (told: string | undefined) => MillraceError | null {
  let known: string | undefined
  return (told) => {
    if (told === known || told === undefined) return null
    const recipient = decodeRecipient(told)
    if (recipient === undefined || isAnother(pod, recipient)) return misdirected(pod, recipient)
    known = told
    return null
  }
}

function misdirected(pod: PodIdentity, recipient: Recipient | undefined): MillraceError {
  const whom = recipient === undefined ? 'a pod whose name cannot be read' : describeRecipient(recipient)
  return new MillraceError(
    'UNAVAILABLE',
    `This is ${describePod(pod)}, and the request is for ${whom}. It was not run; look at the addresses of that stage.`,
    { notRun: true },
  )
}
