import type { RolledOut } from '../../control/controlled.js'
import { MillraceError } from '../../errors.js'
import { checksum } from '../../containers/checksum.js'
import { isNaming } from '../../containers/executor-config.js'
import { yamlText } from '../../containers/yaml-text.js'
import type { Cluster } from './api/cluster.js'
import type { ConfigMap, Container } from './api/live.js'
import { get, patch, type Ref, shown } from './api/objects.js'
import { refusal } from './api/refusal.js'
import { refOf, type Running, workloadsOf } from './scale.js'
import { untilReady } from './start/ready.js'
import type { View } from './view.js'

/** Configuration of one workload. */
interface Configuration {
  /** Null when the image has its own. */
  readonly file: string | null
  readonly args: readonly string[]
  readonly checksum: string
}

/**
 * Changes the constructor options of each shard of a stage, and waits until all its pods have them. It edits the objects in
 * the cluster instead of exporting the Flow again, so it works for any Flow, whichever program started it.
 *
 * When new pods do not get ready, the old configuration is restored, and the failure is thrown.
 *
 * @throws UNSUPPORTED, FORBIDDEN, START_FAILED, START_TIMEOUT
 */
export async function rollingUpdate(
  cluster: Cluster,
  running: Running,
  { stage, usesWith }: { readonly stage: string; readonly usesWith: Readonly<Record<string, unknown>> },
): Promise<RolledOut> {
  const start = cluster.pace.now()
  const workloads = await workloadsOf(cluster, running, { stage })
  const names = workloads.map(({ kind, metadata: { name } }) => ({ kind, name }))
  const before = await Promise.all(workloads.map((workload) => configurationOf(cluster, running, workload)))
  const after = await Promise.all(before.map((configuration) => changed(configuration, usesWith)))
  const setAll = async (configurations: readonly Configuration[]): Promise<void> => {
    for (const [index, workload] of workloads.entries())
      await configure(cluster, refOf(running, workload), configurations[index]!)
  }
  try {
    await setAll(after)
    await untilReady(cluster, { ...running, workloads: names })
  } catch (error) {
    throw await rollBack(MillraceError.from(error), async () => {
      await setAll(before)
      await untilReady(cluster, { ...running, workloads: names })
    })
  }
  const replaced = workloads.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0)
  return { replaced, seconds: (cluster.pace.now() - start) / 1000 }
}

async function rollBack(failure: MillraceError, undo: () => Promise<void>): Promise<MillraceError> {
  const outcome = await undo().then(
    () => 'The previous options were restored, and its pods are ready.',
    (error: unknown) => `Restoring the previous options failed, too: ${MillraceError.from(error).message}`,
  )
  return new MillraceError(failure.code, `${failure.message} ${outcome}`, {
    ...failure.facts,
    cause: failure.cause,
  })
}

async function configurationOf(
  cluster: Cluster,
  running: Running,
  workload: View['controllers'][number],
): Promise<Configuration> {
  const map = await get<ConfigMap>(cluster, filesOf(refOf(running, workload)))
  const { metadata, spec } = workload.spec.template
  return {
    file: map?.data?.['config.yml'] ?? null,
    args: (spec.containers[0] as Container).args ?? [],
    checksum: metadata?.annotations?.[annotation] ?? '',
  }
}

const annotation = 'checksum/config'

function filesOf({ namespace, name }: Ref): Ref {
  return { kind: 'ConfigMap', namespace, name: `${name}-files` }
}

/** Puts options where an export would: into the file, or into an argument when YAML would substitute something in them. */
async function changed(
  { file, args }: Configuration,
  usesWith: Readonly<Record<string, unknown>>,
): Promise<Configuration> {
  const at = args.indexOf('--uses-with')
  const others = at < 0 ? args : args.toSpliced(at, 2)
  const isArgument = Object.keys(usesWith).length > 0 && (file === null || isNaming(usesWith))
  // Kubernetes would substitute `$(NAME)`
  const text = JSON.stringify(usesWith).replaceAll('$(', '$$$$(')
  const written = file === null ? null : await rewritten(file, isArgument ? {} : usesWith)
  const told = isArgument ? [...others, '--uses-with', text] : others
  return { file: written, args: told, checksum: checksum(written, told) }
}

async function rewritten(file: string, usesWith: object): Promise<string> {
  const { parse } = await import('yaml')
  const { with: _before, ...rest } = parse(file) as Record<string, unknown>
  return yamlText({ ...rest, ...(Object.keys(usesWith).length > 0 && { with: usesWith }) })
}

/** @throws FORBIDDEN, NOT_FOUND, UNAVAILABLE */
async function configure(
  cluster: Cluster,
  ref: Ref,
  { file, args, checksum: sum }: Configuration,
): Promise<void> {
  const files = filesOf(ref)
  if (file !== null) {
    const answer = await patch(cluster, files, { kind: 'merge', body: { data: { 'config.yml': file } } })
    if (answer.status !== 200) throw refusal(answer, `change ${shown(files)}`, cluster.label)
  }
  const template = '/spec/template'
  const answer = await patch(cluster, ref, {
    kind: 'json',
    body: [
      { op: 'add', path: `${template}/spec/containers/0/args`, value: args },
      { op: 'add', path: `${template}/metadata/annotations/${annotation.replace('/', '~1')}`, value: sum },
    ],
  })
  if (answer.status !== 200) throw refusal(answer, `change ${shown(ref)}`, cluster.label)
}
