/** Which part of which Flow a pod is. Another pod may get the same address later; the identity tells the two apart. */
export interface PodIdentity {
  /** Name of its Flow; null for a pod started on its own, without `--flow`. */
  readonly flow: string | null
  /** Null for the gateway of a whole Flow, which belongs to no stage. */
  readonly stage: string | null
  /** Null for a pod started without `--shards`. */
  readonly part: Part | null
  /** Different for each start of the pod. */
  readonly instance: string
}

/** One of the shards of a stage. */
export interface Part {
  /** Counted from 0. */
  readonly shard: number
  readonly shards: number
}

/** The pod that a request is for, as far as the sender knows it. */
export interface Recipient extends Part {
  /** Null where the user has named the servers: then neither Flow nor stage is compared. */
  readonly flow: string | null
  readonly stage: string
}

/** Metadata of a gRPC call: the intended pod, as `encodeRecipient` writes it. Jina ignores it. */
export const recipientHeader = 'millrace-for'

/** Whether the recipient can be told from any other pod. */
export function isSpecific({ flow, shards }: Recipient): boolean {
  return flow !== null || shards > 1
}

/** Parses the JSON of a peer; undefined for anything but an identity. */
export function parseIdentity(text: string): PodIdentity | undefined {
  try {
    const { flow, stage, part, instance } = JSON.parse(text) as Record<string, unknown>
    if (!isName(flow) || !isName(stage) || !isPart(part) || typeof instance !== 'string') return undefined
    return { flow, stage, part, instance }
  } catch {
    return undefined
  }
}

function isName(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isPart(value: unknown): value is Part | null {
  if (typeof value !== 'object' || value === null) return value === null
  const { shard, shards } = value as Record<string, unknown>
  return Number.isInteger(shard) && Number.isInteger(shards)
}

/** `0/2`, or with a Flow `0/2/indexer/shop`, where names are percent-encoded. */
export function encodeRecipient({ flow, stage, shard, shards }: Recipient): string {
  const part = `${shard}/${shards}`
  return flow === null ? part : `${part}/${encodeURIComponent(stage)}/${encodeURIComponent(flow)}`
}

/** Undefined for a text that `encodeRecipient` does not write. */
export function decodeRecipient(text: string): Recipient | undefined {
  const [, shard, shards, stage = '', flow] = /^(\d{1,4})\/(\d{1,4})(?:\/([^/]+)\/([^/]+))?$/.exec(text) ?? []
  if (shard === undefined) return undefined
  try {
    return {
      shard: Number(shard),
      shards: Number(shards),
      stage: decodeURIComponent(stage),
      flow: flow === undefined ? null : decodeURIComponent(flow),
    }
  } catch {
    return undefined // malformed percent-encoding
  }
}

/** Whether a pod is not the recipient of a request. Facts that only one side knows are not compared. */
export function isAnother(pod: PodIdentity, recipient: Recipient): boolean {
  const { flow, stage, shard, shards } = recipient
  if (!isSpecific(recipient)) return false
  if (pod.stage === null) return flow !== null
  // a pod without the name of a Flow may have any name for its stage, such as the default of `millrace executor`
  if (flow !== null && pod.flow !== null && (pod.stage !== stage || pod.flow !== flow)) return true
  if (pod.part !== null) return pod.part.shard !== shard || pod.part.shards !== shards
  // a pod that was given the name of its Flow was given its shard, too
  return flow !== null && pod.flow !== null && shards > 1
}

/** `shard 1 of 2 of stage 'indexer' of Flow 'shop'`, as far as it is known. */
export function describePod({ flow, stage, part }: Omit<PodIdentity, 'instance'>): string {
  if (stage === null) return `the gateway of Flow '${flow}'`
  return [
    ...(part === null || part.shards === 1 ? [] : [`shard ${part.shard} of ${part.shards}`]),
    `stage '${stage}'`,
    ...(flow === null ? [] : [`Flow '${flow}'`]),
  ].join(' of ')
}

/** Like `describePod`, for the pod that a request is for. */
export function describeRecipient({ flow, stage, shard, shards }: Recipient): string {
  return flow === null ? `shard ${shard} of ${shards}` : describePod({ flow, stage, part: { shard, shards } })
}
