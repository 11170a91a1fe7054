import { show } from '../lib/show.js'
import type { Option } from '../plan/option.js'
import { listOf, text } from '../plan/option-kinds.js'
import { type StageOptions, stageOptions } from '../plan/stage-settings.js'
import { findModule } from '../yaml/executor-module.js'
import { badYaml, shown } from '../yaml/position.js'
import type { Reading } from '../yaml/source.js'
import { parseAddresses } from './addresses.js'
import { stageKeys } from './keys.js'
import { readModule, readUses } from './read-uses.js'
import { isSaid, positionIn, readOption, readOptions, type Section, unsupported } from './section.js'

/** Keys that are not read as the option of the same name. */
const special = [
  'uses',
  'uses_before',
  'usesBefore',
  'uses_after',
  'usesAfter',
  'host',
  'port',
  'ports',
  'protocol',
  'protocols',
  'tls',
  'method',
  'py_modules',
]

/** Settings of the Flow that apply to all its stages. */
export interface Inherited {
  readonly options: StageOptions
  readonly modules: readonly string[]
}

/**
 * Converts an entry of `executors`, or `with` of a Deployment, to the options of `add()`.
 *
 * @throws BAD_YAML, INVALID_OPTION, UNSUPPORTED, MODULE_NOT_FOUND, INVALID_EXECUTOR
 */
export function readStage(section: Section, reading: Reading, inherited: Inherited): StageOptions {
  const options = readOptions(section, {
    keys: stageKeys,
    table: stageOptions,
    warn: reading.warn,
    ignore: special,
  })
  const { py_modules: inMetas, ...metas } = (options.usesMetas ?? {}) as Record<string, unknown>
  const position = shown(positionIn(section, 'py_modules'))
  const isExternal = options.external === true
  const named = isExternal ? [] : [...inherited.modules, ...readModules(section), ...modulesOf(inMetas)]
  const modules = named.map((name) => findModule(name, { reading, position }))
  const uses = (key: string) =>
    readUses(section.mapping[key], {
      position: positionIn(section, key),
      positions: section.positions,
      modules,
      reading,
    })
  return {
    ...inherited.options,
    ...options,
    ...(options.usesMetas !== undefined && { usesMetas: metas }),
    ...given('reduce', readReduce(section, options.reduce, reading)),
    ...given('uses', uses('uses')),
    ...given('usesBefore', uses('uses_before') ?? uses('usesBefore')),
    ...given('usesAfter', uses('uses_after') ?? uses('usesAfter')),
    ...(isExternal ? readAddress(section) : ownAddress(section, reading)),
    ...readMethod(section, options),
  }
}

/** A string is a boolean, a word, or a module found as other modules are. */
function readReduce(section: Section, reduce: unknown, reading: Reading): StageOptions['reduce'] {
  if (typeof reduce !== 'string') return reduce as StageOptions['reduce']
  if (/^(true|false)$/i.test(reduce)) return reduce.toLowerCase() === 'true'
  if (reduce.toLowerCase() === 'changes') return 'changes'
  return readModule(reduce, { position: positionIn(section, 'reduce'), reading })
}

const modulesOption = listOf(text('module'), [])

/** `py_modules` of a section. */
export function readModules(section: Section): readonly string[] {
  if (!isSaid(section.mapping.py_modules)) return []
  return modulesOf(readOption(section, 'py_modules', modulesOption))
}

function modulesOf(value: unknown): readonly string[] {
  return isSaid(value) ? (modulesOption.parse(value) ?? []) : []
}

/** How a stage is added: `needs` and `needs_all` are joins (jina.md 1.3). @throws BAD_YAML, UNSUPPORTED */
function readMethod(section: Section, { name, needs }: StageOptions): StageOptions {
  const { method } = section.mapping
  switch (method) {
    case undefined:
    case null:
    case 'add':
      return {}
    case 'needs':
      if (Array.isArray(needs) && needs.length > 1) return { name: name ?? 'joiner' }
      throw badYaml(
        positionIn(section, 'method'),
        `method: needs joins stages, so it takes a list of at least two as needs. For one stage leave method out.`,
      )
    case 'needs_all':
      if (needs === undefined) return { name: name ?? 'joiner' }
      throw badYaml(
        positionIn(section, 'needs'),
        'method: needs_all joins every stage that no other stage needs. Leave needs out, or say method: needs.',
      )
    case 'inspect':
    case 'gather_inspect':
      if (needs === undefined) return { name: name ?? method }
      throw badYaml(
        positionIn(section, 'needs'),
        `method: ${method} has its place behind the last stage before it. Leave needs out, or method.`,
      )
    default:
      throw unsupported(
        section,
        'method',
        `must be 'add', 'needs', 'needs_all', 'inspect' or 'gather_inspect', not ${show(method)}.`,
      )
  }
}

/** Address of an external server. */
function readAddress(section: Section): StageOptions {
  const { mapping } = section
  const protocol = firstSaid(section, ['protocol', 'protocols'])
  if (protocol !== undefined && !isGrpc(mapping[protocol])) {
    throw unsupported(
      section,
      protocol,
      `${show(mapping[protocol])} is not supported for external stages, only GRPC.`,
    )
  }
  const portKey = firstSaid(section, ['port', 'ports'])
  const port = portKey === undefined ? undefined : readOption(section, portKey, stageOptions.port)
  const tls = (readOption(section, 'tls', stageOptions.tls) ?? false) as StageOptions['tls']
  const addresses = isSaid(mapping.host) ? parseAddresses(mapping.host, positionIn(section, 'host')) : null
  const ports = port ?? (addresses !== null && addresses.ports.length > 0 ? addresses.ports : undefined)
  return {
    ...given('host', addresses?.hosts),
    ...given('port', ports as StageOptions['port']),
    ...given('tls', tls === false && addresses?.tls === true ? true : tls),
  }
}

/** Warns about address options: pods listen on private sockets that only the Flow knows. */
function ownAddress(section: Section, { warn }: Reading): StageOptions {
  for (const key of ['port', 'ports', 'protocol', 'protocols', 'tls', 'host']) {
    const value = section.mapping[key]
    if (!isSaid(value) || (key.startsWith('protocol') && isGrpc(value))) continue
    if (key === 'host' && !textsOf(value).every((one) => /^(0\.0\.0\.0|localhost|127\.0\.0\.1)$/.test(one))) {
      throw unsupported(
        section,
        key,
        `is for external stages. Set external: true to use a server that is already running.`,
      )
    }
    warn(
      `${shown(positionIn(section, key))}: '${key}' of a stage has no effect here: pods listen on their own sockets.`,
    )
  }
  return {}
}

function firstSaid(section: Section, keys: readonly string[]): string | undefined {
  return keys.find((key) => isSaid(section.mapping[key]))
}

function isGrpc(value: unknown): boolean {
  return textsOf(value).every((one) => one.toUpperCase() === 'GRPC')
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map((one) => (typeof one === 'string' ? one : show(one)))
}

function given<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: T })
}

/** Options that Jina's Flow passes to its stages and that ours does not have (jina.md 1.1). */
export const inheritedOptions: Readonly<Record<string, Option<unknown>>> = { retries: stageOptions.retries }
