import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { MillraceError } from '../errors.js'
import { locateClass } from '../executor/locate.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { flowOptions } from '../plan/flow-settings.js'
import type { Option } from '../plan/option.js'
import type { ReducePlan } from '../plan/sharding.js'
import type { Uses } from '../plan/executor-settings.js'
import { stageOptions } from '../plan/stage-settings.js'
import { type ExecutorSource, type ResolvedUses, resolveUses } from '../plan/uses.js'
import { resolvePolling } from '../shards/polling.js'
import { isPem } from '../tls/client-tls.js'
import { writeYaml } from '../yaml/parse-yaml.js'
import { inOrder, writtenNeeds } from '../topology/graph.js'
import { hasNames } from '../yaml/substitute.js'
import { keyOf } from './keys.js'

/** Options of a stage whose form in YAML differs from the plan's. */
const special = [
  'name',
  'needs',
  'uses',
  'usesBefore',
  'usesAfter',
  'replicas',
  'polling',
  'reduce',
  'external',
  'tls',
  'when',
]

/** Writes a plan as YAML, without options that have their default. @throws UNSUPPORTED */
export function writeFlow({ settings, stages }: FlowPlan, folder: string): string {
  const added = asAdded(inOrder(stages))
  const needs = writtenNeeds(added)
  const flow = {
    jtype: 'Flow',
    version: '1',
    with: {
      ...changed(flowOptions, settings, ['auth', 'tls']),
      ...authOf(settings),
      ...(settings.tls !== null && { tls: given(settings.tls) }),
    },
    executors: added.map((stage) => stageOf(stage, needs.get(stage.name), folder)),
  }
  checkData(flow, 'this Flow')
  return writeYaml(flow)
}

/** Writes a plan to a YAML file. @throws UNSUPPORTED, and errors of the file system */
export async function saveFlow(plan: FlowPlan, file: string): Promise<void> {
  await writeFile(file, writeFlow(plan, path.dirname(path.resolve(file))))
}

/** Tokens in a list are secrets, which a file that is shared must not have. */
function authOf({ auth }: FlowPlan['settings']): { readonly auth?: object } {
  if (auth === null) return {}
  if (!Array.isArray(auth.bearer)) return { auth }
  throw unwritable('this Flow: auth.bearer is a list of tokens, which are secrets; use { file } or { env }')
}

/** The stages as they were added: with needs and condition of their `usesBefore`, and without `usesBefore` and `usesAfter`. */
function asAdded(stages: readonly StagePlan[]): readonly StagePlan[] {
  const named = new Map(stages.map((stage) => [stage.name, stage]))
  return stages
    .filter(({ partOf }) => partOf === null)
    .map((stage) => {
      const before = named.get(stage.needs[0]!)
      const { needs, when } = before?.partOf === stage.name ? before : stage
      return { ...stage, when, needs: needs.map((name) => named.get(name)?.partOf ?? name) }
    })
}

function stageOf(stage: StagePlan, needs: readonly string[] | undefined, folder: string): object {
  const { name, source, shards } = stage
  const around = (uses: Uses | null): unknown =>
    uses === null
      ? undefined
      : companionOf(resolveUses(uses, name, { ...unchanged, runtime: stage.runtime }), stage, folder)
  const written = {
    ...inspectionOf(stage, needs),
    name,
    uses: usesOf(source, stage, folder),
    replicas: stage.autoscale ?? (stage.replicas === 1 ? undefined : stage.replicas),
    polling: pollingOf(stage),
    ...reductionOf(stage, folder),
    external: stage.external.length > 0 ? true : undefined,
    tls: tlsOf(stage),
    when: whenOf(stage.when),
    uses_before: around(stage.usesBefore),
    uses_after: around(stage.usesAfter),
    ...changed(
      stageOptions,
      { ...stage, shards, floating: stage.floating && stage.inspection === null },
      special,
    ),
  }
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined))
}

/** Where a stage is added. Inspecting stages have a place too, and are floating only when nothing gathers them. */
function inspectionOf({ inspection }: StagePlan, needs: readonly string[] | undefined): object {
  switch (inspection) {
    case 'inspect':
      return { method: 'inspect' }
    case 'gather':
      return { method: 'gather_inspect' }
    case null:
      return { needs: needs && single(needs) }
  }
}

/** A join of stages that inspect is one of changes unless it says otherwise. */
function reductionOf({ inspection, reduce, name }: StagePlan, folder: string): object {
  if (inspection === 'gather' && reduce.kind === 'changes') return {}
  const written = reduceOf(reduce, name, folder)
  return inspection === 'gather' && Object.keys(written).length === 0 ? { reduce: true } : written
}

/** A private key as a text is a secret, as tokens are. */
function tlsOf({ name, tls }: StagePlan): unknown {
  if (typeof tls === 'boolean') return tls ? true : undefined
  if (typeof tls.key === 'string' && isPem(tls.key))
    throw unwritable(`stage '${name}': tls.key is a private key, which is a secret; use the path of a file`)
  return given(tls)
}

/** The members of an option that are not null, by YAML key. */
function given(option: object): object {
  const entries = Object.entries(option).filter(([, value]) => value !== null)
  return Object.fromEntries(entries.map(([name, value]) => [keyOf(name), value as unknown]))
}

/** A condition on documents alone as Jina writes it. */
function whenOf(when: StagePlan['when']): unknown {
  if (when === null) return undefined
  const { docs, parameters, headers } = when
  if (parameters === null && headers === null) return docs
  return Object.fromEntries(Object.entries(when).filter(([, filter]) => filter !== null))
}

const unchanged = { usesWith: {}, usesMetas: {}, usesRequests: {}, dynamicBatching: {} }

/** Options that differ from their default, by YAML key; a list with one element as that element. */
function changed(table: object, values: object, without: readonly string[]): Record<string, unknown> {
  const given = values as Readonly<Record<string, unknown>>
  const entries = Object.entries(table as Readonly<Record<string, Option<unknown>>>)
    .filter(
      ([option, { preset }]) =>
        !without.includes(option) && !isDeepStrictEqual(given[option] ?? null, preset),
    )
    .filter(([option]) => !(Array.isArray(given[option]) && given[option].length === 0))
  return Object.fromEntries(entries.map(([option]) => [keyOf(option), single(given[option])]))
}

function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value as unknown[])[0] : value
}

function usesOf(
  source: ExecutorSource,
  { name, image }: Pick<StagePlan, 'name' | 'image'>,
  folder: string,
): unknown {
  if (source.kind === 'pass-through') return undefined
  // the option `image` names it already
  if (source.kind === 'image') return image === null ? `docker://${source.image}` : undefined
  if (source.kind === 'python' && source.module !== null) return `python:${source.module}.${source.className}`
  const { url, className, others } = moduleOf(source, name)
  const module = pathOf(url, folder)
  if (others.length === 0) return className === null ? module : `${module}#${className}`
  return { jtype: className, py_modules: [...others.map((other) => pathOf(other, folder)), module] }
}

/** `uses_before` and `uses_after` have no `uses_with`, so everything goes into one mapping. */
function companionOf({ source, ...given }: ResolvedUses, stage: StagePlan, folder: string): unknown {
  // an image in `uses_before` or `uses_after` is separate from the stage's image
  const { name } = stage
  if (source.kind === 'image' || isDeepStrictEqual(given, unchanged)) {
    return usesOf(source, { name, image: null }, folder)
  }
  if (source.kind === 'pass-through') return { jtype: 'BaseExecutor' }
  if (source.kind === 'python' && source.module !== null)
    throw unwritable(
      `stage '${name}': options for uses_before or uses_after as 'python:…'; name its file in py_modules`,
    )
  const { url, className, others } = moduleOf(source, name)
  return {
    jtype: className,
    with: given.usesWith,
    metas: given.usesMetas,
    requests: given.usesRequests,
    dynamic_batching: given.dynamicBatching,
    py_modules: [...others, url].map((one) => pathOf(one, folder)),
  }
}

interface Module {
  readonly url: string
  readonly className: string | null
  readonly others: readonly string[]
}

function moduleOf(
  source: Extract<ExecutorSource, { kind: 'module' | 'class' | 'python' }>,
  stage: string,
): Module {
  if (source.kind === 'python') {
    const urls = source.files.map((file) => pathToFileURL(file).href)
    return { url: urls.at(-1)!, className: source.className, others: urls.slice(0, -1) }
  }
  if (source.kind === 'module')
    return { url: source.url, className: source.className, others: source.otherUrls }
  const located = locateClass(source.executorClass)
  if (located !== null) return { url: located.module, className: located.className, others: [] }
  throw unwritable(`stage '${stage}': the module of the class ${source.executorClass.name} is not known`)
}

/** A relative path, unless the working directory (which is searched first) has another file there: then absolute. */
function pathOf(url: string, folder: string): string {
  const file = fileURLToPath(url)
  const relative = path.relative(folder, file)
  const elsewhere = path.resolve(relative)
  if (path.isAbsolute(relative) || (elsewhere !== file && existsSync(elsewhere))) return file
  return relative.startsWith('.') ? relative : `./${relative}`
}

function pollingOf({ polling }: StagePlan): unknown {
  const word = ['ANY', 'ALL', 'KEY'].find((one) => isDeepStrictEqual(resolvePolling(one), polling))
  if (word === undefined) return polling
  return word === 'ANY' ? undefined : word
}

function reduceOf(reduce: ReducePlan, stage: string, folder: string): object {
  switch (reduce.kind) {
    case 'concatenate':
      return { disable_reduce: true }
    case 'changes':
      return { reduce: 'changes' }
    case 'merge':
      return Object.values(reduce.ranking).every((value) => value === null) ? {} : { reduce: reduce.ranking }
    case 'module': {
      const module = pathOf(reduce.url, folder)
      return { reduce: reduce.name === null ? module : `${module}#${reduce.name}` }
    }
    case 'program':
      throw unwritable(`stage '${stage}': reduce is a function; name the module that exports one`)
  }
}

/** Requires JSON data without strings that look like variables. @throws UNSUPPORTED */
function checkData(value: unknown, where: string): void {
  if (typeof value === 'string' && hasNames(value)) {
    throw unwritable(`${where} is ${JSON.stringify(value)}, which would be read as a variable`)
  }
  if (typeof value === 'object' && value !== null) {
    const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
    if (!isPlain) throw unwritable(`${where} is not plain data`)
    for (const [key, item] of Object.entries(value)) checkData(item, `${where}, ${key}`)
  } else if (['undefined', 'bigint', 'function', 'symbol'].includes(typeof value)) {
    throw unwritable(`${where} is not plain data`)
  }
}

function unwritable(what: string): MillraceError {
  return new MillraceError('UNSUPPORTED', `${what}: that cannot be written as YAML.`)
}
