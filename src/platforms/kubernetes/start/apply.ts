import { MillraceError } from '../../../errors.js'
import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import type { ApiAnswer, Cluster } from '../api/cluster.js'
import type { ApiStatus } from '../api/live.js'
import { fieldManager, objectPath, shown } from '../api/objects.js'
import { reasonOf } from '../api/refusal.js'
import { refOf } from '../objects-of.js'

/**
 * Dry-runs every object (names, quotas, admission) without changing anything.
 *
 * @throws START_FAILED with all refusals
 */
export async function dryRunAll(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<void> {
  const refusals = await Promise.all(
    objects.map(async (object) => {
      const answer = await applyOver(cluster, object, { dryRun: true })
      return isDone(answer) || waitsForRole(object, answer) ? null : `${refusedAs(object, answer)}`
    }),
  )
  const reasons = refusals.filter((reason) => reason !== null)
  if (reasons.length === 0) return
  throw new MillraceError(
    'START_FAILED',
    `${cluster.label} does not take ${reasons.length === 1 ? 'an object' : `${reasons.length} objects`} of this Flow. Nothing was changed.\n${reasons.join('\n')}`,
  )
}

/** A RoleBinding's Role does not exist during a dry run; the right to create it was checked before. */
function waitsForRole({ kind }: KubernetesObject, { status }: ApiAnswer): boolean {
  return kind === 'RoleBinding' && status === 404
}

/** Applies objects in order. @throws START_FAILED or, by `signal`, CANCELLED, listing what was applied before */
export async function applyAll(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
  signal?: AbortSignal,
): Promise<void> {
  const applied: KubernetesObject[] = []
  for (const object of objects) {
    if (signal?.aborted === true) throw halfway(MillraceError.from(signal.reason, 'CANCELLED'), applied)
    const answer = await applyOver(cluster, object, { dryRun: false })
    if (!isDone(answer)) {
      const what = `${cluster.label}: ${refusedAs(object, answer)}`
      throw halfway(new MillraceError('START_FAILED', what), applied)
    }
    applied.push(object)
  }
}

function halfway({ code, message }: MillraceError, applied: readonly KubernetesObject[]): MillraceError {
  const done = applied.map(({ kind, metadata: { name } }) => shown({ kind, name }))
  const remains =
    done.length === 0
      ? 'Nothing was changed.'
      : `These were applied before, and are there: ${done.join(', ')}.`
  return new MillraceError(code, `${message} ${remains}`)
}

/**
 * Overwrites fields that users change at run time (`kubectl scale`) and those that Millrace itself changed since. A conflict
 * over any other field is a refusal.
 */
async function applyOver(
  cluster: Cluster,
  object: KubernetesObject,
  { dryRun }: { readonly dryRun: boolean },
): Promise<ApiAnswer> {
  const answer = await apply(cluster, object, { dryRun, force: false })
  if (answer.status !== 409 || !conflictsOf(answer).every(isOurs)) return answer
  return apply(cluster, object, { dryRun, force: true })
}

function apply(
  cluster: Cluster,
  object: KubernetesObject,
  { dryRun, force }: { readonly dryRun: boolean; readonly force: boolean },
): Promise<ApiAnswer> {
  const query = new URLSearchParams({
    fieldManager,
    fieldValidation: 'Strict',
    ...(force && { force: 'true' }),
    ...(dryRun && { dryRun: 'All' }),
  })
  return cluster.ask({
    method: 'PATCH',
    path: `${objectPath(refOf(object))}?${query.toString()}`,
    body: object,
    type: 'application/apply-patch+yaml', // JSON is YAML
  })
}

interface Conflict {
  readonly field: string
  readonly manager: string
}

function isOurs({ field, manager }: Conflict): boolean {
  return field === '.spec.replicas' || manager === fieldManager
}

/** `conflict with "kubectl-edit" using apps/v1`, by field. */
function conflictsOf({ body }: ApiAnswer): readonly Conflict[] {
  const causes = (body as ApiStatus | null)?.details?.causes ?? []
  return causes.map(({ field = '', message = '' }) => ({
    field,
    manager: /conflict with "([^"]+)"/.exec(message)?.[1] ?? message,
  }))
}

function isDone({ status }: ApiAnswer): boolean {
  return status === 200 || status === 201
}

function refusedAs(object: KubernetesObject, answer: ApiAnswer): string {
  const { kind, metadata } = object
  const name = shown({ kind, name: metadata.name })
  if (answer.status !== 409) return `${name}: ${reasonOf(answer)}.`
  const conflicts = conflictsOf(answer).filter((conflict) => !isOurs(conflict))
  const fields = conflicts.map(({ field, manager }) => `${field} was set by '${manager}'`).join(', ')
  if (fields === '') return `${name}: ${reasonOf(answer)}.`
  return `${name}: ${fields}. Undo it there, or let Millrace own these fields from now on: write the Flow with 'millrace export kubernetes' and say 'kubectl apply -k FOLDER --server-side --field-manager=${fieldManager} --force-conflicts' once.`
}
