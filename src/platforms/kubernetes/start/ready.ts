import { MillraceError } from '../../../errors.js'
import type { Cluster } from '../api/cluster.js'
import { shown } from '../api/objects.js'
import {
  complaintsOf,
  isRolledOut,
  look,
  podsOf,
  type View,
  type WorkloadComplaint,
  type WorkloadRef,
} from '../view.js'
import { logOf } from './log.js'

export interface Wait {
  readonly namespace: string
  readonly flow: string
  /** Workloads to wait for. */
  readonly workloads: readonly WorkloadRef[]
  readonly timeoutMs: number
  /** Also wait for terminating pods. */
  readonly untilGone?: boolean
  /** Ends the wait, which rejects with the signal's reason. */
  readonly signal?: AbortSignal
  report(sentence: string): void
}

/** Polling interval in milliseconds. */
const lookMs = 500

/**
 * Resolves when all pods have the newest template and are ready. Reports each problem once.
 *
 * @throws START_FAILED for a problem that cannot recover by itself, START_TIMEOUT
 */
export async function untilReady(cluster: Cluster, wait: Wait): Promise<void> {
  const { pace } = cluster
  const since = new Map<string, number>()
  const told = new Set<string>()
  const start = pace.now()
  for (;;) {
    wait.signal?.throwIfAborted()
    const view = await look(cluster, wait.namespace, wait.flow)
    const late = lateOnes(view, wait)
    if (late.length === 0) return
    const now = pace.now()
    for (const { name, complaint } of late) {
      if (complaint === null) continue
      tell(name, complaint, { told, report: wait.report })
      if (complaint.patienceMs === Number.POSITIVE_INFINITY) since.delete(name)
      else if (!since.has(name)) since.set(name, now)
      if (now - (since.get(name) ?? now) >= complaint.patienceMs)
        throw await failure(cluster, wait, { name, complaint })
    }
    for (const { name, complaint } of late) if (complaint === null) since.delete(name)
    if (now - start >= wait.timeoutMs) throw timeout(wait, late)
    await pace.sleep(lookMs, wait.signal)
  }
}

interface Late {
  /** `deployment/encoder`. */
  readonly name: string
  readonly complaint: WorkloadComplaint | null
}

function lateOnes(view: View, { workloads, untilGone = false }: Wait): readonly Late[] {
  return workloads.flatMap(({ kind, name }) => {
    const controller = view.controllers.find((each) => each.kind === kind && each.metadata.name === name)
    if (controller === undefined) return [{ name: shown({ kind, name }), complaint: null }]
    if (isRolledOut(controller) && !(untilGone && isEnding(view, name))) return []
    const [complaint = null] = complaintsOf(view, controller)
    return [{ name: shown({ kind, name }), complaint }]
  })
}

function isEnding(view: View, name: string): boolean {
  return podsOf(view, name).some(({ metadata }) => metadata.deletionTimestamp !== undefined)
}

function tell(
  name: string,
  complaint: WorkloadComplaint,
  { told, report }: { readonly told: Set<string>; readonly report: Wait['report'] },
): void {
  const sentence = said(name, complaint)
  // a different count or pod name does not make it a new problem
  const gist = `${name} ${complaint.sentence.replaceAll(/\d+/g, '')}`
  if (told.has(gist)) return
  told.add(gist)
  report(sentence)
}

function said(name: string, { pod, sentence }: WorkloadComplaint): string {
  return `${name}${pod === null ? '' : `: pod ${pod}`} ${sentence}.`
}

async function failure(
  cluster: Cluster,
  { namespace }: Wait,
  { name, complaint }: { readonly name: string; readonly complaint: WorkloadComplaint },
): Promise<MillraceError> {
  const { pod, crash } = complaint
  const log = pod !== null && crash !== null ? await logOf(cluster, namespace, pod) : []
  const output = log.length > 0 ? log : (crash ?? [])
  const wrote = output.length === 0 ? '' : ` The last it wrote:\n${output.join('\n')}\n`
  return new MillraceError('START_FAILED', `${said(name, complaint)}${wrote}`, {
    output,
    where: { deployment: name.split('/')[1]!, ...(pod !== null && { pod }) },
  })
}

function timeout({ timeoutMs }: Wait, late: readonly Late[]): MillraceError {
  const reasons = late.map(({ name, complaint }) =>
    complaint === null
      ? `${name}: its pods are not ready, and the cluster says no reason.`
      : said(name, complaint),
  )
  return new MillraceError(
    'START_TIMEOUT',
    `Not ready after ${timeoutMs / 1000} s (timeoutReadyMs). ${reasons.join(' ')}`,
  )
}
