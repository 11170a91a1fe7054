import path from 'node:path'
import { MillraceError } from '../errors.js'
import { addStage, addStageFor, createPlan, type FlowPlan, type Inspection } from '../plan/flow-plan.js'
import { type FlowOptions, flowOptions } from '../plan/flow-settings.js'
import { show } from '../lib/show.js'
import { type StageOptions, stageOptions } from '../plan/stage-settings.js'
import { endsOf, entry, lastOf, type Node, order } from '../topology/graph.js'
import { isMapping } from '../lib/mapping.js'
import { badYaml, type Position, Positions, shown, type Tree } from '../yaml/position.js'
import { findFile, searchFolders } from '../yaml/search-path.js'
import { type Reading, readYamlFile } from '../yaml/source.js'
import { flowKeys, gatewayKeys, type KeyTable } from './keys.js'
import { type Inherited, inheritedOptions, readModules, readStage } from './read-stage.js'
import {
  positionIn,
  readOption,
  readOptions,
  type Section,
  sectionOf,
  unknownKey,
  unsupported,
} from './section.js'

const flowSections = ['jtype', 'version', 'with', 'gateway', 'executors', 'deployments']
const deploymentSections = ['jtype', 'version', 'with']

/**
 * Reads the plan of a Flow; a Deployment becomes a Flow with one stage. `usesWith` overrides the Flow's options.
 *
 * @throws BAD_YAML, and what `new Flow()` and `add()` throw, with file, line and column
 */
export function readFlow(tree: Tree, reading: Reading, usesWith: object): FlowPlan {
  const top = sectionOf(tree.value, {
    positions: tree.positions,
    owner: 'a Flow',
    position: tree.positions.start,
  })
  const { jtype } = top.mapping
  checkVersion(top)
  if (jtype === 'Flow') return flowPlan(top, reading, usesWith)
  if (jtype === 'Deployment') return deploymentPlan(top, reading, usesWith)
  const what =
    jtype === undefined
      ? 'the text needs `jtype: Flow`.'
      : `jtype must be Flow or Deployment, not ${show(jtype)}; an Executor's YAML goes into \`uses\` of a stage.`
  throw badYaml(positionIn(top, 'jtype'), what)
}

function flowPlan(top: Section, reading: Reading, usesWith: object): FlowPlan {
  warnUnknown(top, flowSections, reading)
  const own = inner(top, 'with', 'Flow')
  const gateway = inner(top, 'gateway', 'gateway')
  refuseCustomGateway(gateway)
  const options = [
    readFlowOptions(own, reading),
    readFlowOptions(gateway, reading, gatewayKeys),
    readFlowOptions(overrides(usesWith), reading),
  ].reduce(overridden)
  const inherited: Inherited = {
    options: Object.fromEntries(
      Object.entries(inheritedOptions).flatMap(([key, option]) => {
        const value = readOption(own, key, option)
        return value === undefined ? [] : [[key, value]]
      }),
    ),
    modules: readModules(own),
  }
  const begun = at(positionIn(top, 'with'), () => createPlan(options))
  const written = entriesOf(top).map(([value, position]) => ({
    position,
    options: readEntry(value, { position, positions: top.positions, reading, inherited }),
    method: isMapping(value) ? value.method : undefined,
  }))
  return alongNeeds(written).reduce((plan, { position, options: stage, inspection }) => {
    return at(position, () => addStageFor(plan, stage, inspection))
  }, begun)
}

interface Written {
  readonly position: Position
  readonly options: StageOptions
  /** How it is added; see `readMethod`. */
  readonly method: unknown
}

/** An entry with its edges. */
interface Placed extends Written, Node {
  readonly floating: boolean
  readonly inspection: Inspection | null
}

/**
 * In YAML, unlike in code, a stage may need a stage that is written after it. Without `needs` it needs the last stage before it
 * that is not floating.
 */
function alongNeeds(written: readonly Written[]): readonly Placed[] {
  const nodes: Placed[] = []
  for (const [index, one] of written.entries()) {
    const placed = at(one.position, () => place(one, index, nodes))
    if (placed !== undefined) nodes.push(placed)
  }
  const ordered = order(nodes)
  if (ordered.kind === 'ordered') return ordered.stages
  const { at: stage, error } = ordered
  return at(stage.position, () => {
    throw error
  })
}

/** Undefined for a join of stages that inspect, when there are none: it is left out, as by `gatherInspect()`. */
function place(written: Written, index: number, before: readonly Placed[]): Placed | undefined {
  const { method, options } = written
  const { name = `executor${index}` } = options
  const placed = (needs: readonly string[], more: StageOptions, inspection: Inspection | null): Placed => {
    const all: StageOptions = { ...more, ...options, name, needs }
    const floating = inspection === 'inspect' || all.floating === true
    return { ...written, name, needs, floating, inspection, options: { ...all, floating } }
  }
  const last = lastOf(before)?.name ?? entry
  if (method === 'inspect') return placed([last], {}, 'inspect')
  if (method === 'needs_all') return placed(allEnds(before), {}, null)
  if (method !== 'gather_inspect') return placed(needsOf(options, last), {}, null)
  const needed = new Set(before.flatMap(({ needs }) => needs))
  const inspecting = before.filter((one) => one.inspection === 'inspect' && !needed.has(one.name))
  const needs = [last, ...inspecting.map((one) => one.name)]
  return inspecting.length === 0 ? undefined : placed(needs, { reduce: 'changes' }, 'gather')
}

function needsOf({ needs }: StageOptions, last: string): readonly string[] {
  const given = typeof needs === 'string' ? [needs] : (needs ?? [])
  return given.length > 0 ? given : [last]
}

function allEnds(before: readonly Node[]): readonly string[] {
  const ends = endsOf(before)
  if (ends.length > 0) return ends.map(({ name }) => name)
  throw new MillraceError(
    'INVALID_OPTION',
    'needs_all joins the stages that no other stage needs, and there is none before it.',
  )
}

/** Its address is the gateway's. */
function deploymentPlan(top: Section, reading: Reading, usesWith: object): FlowPlan {
  warnUnknown(top, deploymentSections, reading)
  const section = inner(top, 'with', 'Deployment')
  const address = ['host', 'port', 'ports', 'protocol', 'protocols']
  const pick = (wanted: boolean): Section => {
    const entries = Object.entries(section.mapping).filter(([key]) => address.includes(key) === wanted)
    const mapping = Object.fromEntries(entries)
    for (const [key] of entries) section.positions.note(mapping, key, positionIn(section, key))
    return { ...section, mapping }
  }
  const isExternal = readOption(section, 'external', stageOptions.external) === true
  const outside = isExternal ? {} : readFlowOptions(pick(true), reading)
  const options = { ...outside, ...readFlowOptions(overrides(usesWith), reading) }
  const stage = readStage(isExternal ? section : pick(false), reading, { options: {}, modules: [] })
  return at(positionIn(top, 'with'), () => addStage(createPlan(options), stage))
}

function readFlowOptions(section: Section, { warn }: Reading, keys: KeyTable = flowKeys): FlowOptions {
  const ignore = ['py_modules', 'uses', 'uses_with', ...Object.keys(inheritedOptions)]
  return readOptions(section, { keys, table: flowOptions, warn, ignore })
}

/** Options of HTTP are overridden one by one: Jina has a key for each. */
function overridden(options: FlowOptions, others: FlowOptions): FlowOptions {
  const http = others.http === undefined ? options.http : { ...options.http, ...others.http }
  return { ...options, ...others, ...(http !== undefined && { http }) }
}

function refuseCustomGateway(gateway: Section): void {
  const { uses } = gateway.mapping
  const own = [
    'GRPCGateway',
    'HTTPGateway',
    'WebSocketGateway',
    'CompositeGateway',
    'Gateway',
    'BaseGateway',
    null,
    undefined,
    '',
  ]
  if (own.includes(uses as string)) return
  throw unsupported(
    gateway,
    'uses',
    `${show(uses)} is a custom gateway, which this version cannot run. Leave it out.`,
  )
}

function overrides(usesWith: object): Section {
  return { mapping: usesWith as Section['mapping'], positions: new Positions('usesWith'), owner: 'usesWith' }
}

type Entry = readonly [unknown, Position]

function entriesOf(top: Section): readonly Entry[] {
  return ['executors', 'deployments'].flatMap((key) => {
    const value = top.mapping[key]
    if (value === undefined || value === null) return []
    if (!Array.isArray(value))
      throw badYaml(positionIn(top, key), `${key} must be a list, not ${show(value)}.`)
    return value.map((entry: unknown, index): Entry => [entry, top.positions.of(value, index)])
  })
}

interface EntryContext {
  readonly position: Position
  readonly positions: Positions
  readonly reading: Reading
  readonly inherited: Inherited
}

function readEntry(entry: unknown, { position, positions, reading, inherited }: EntryContext): StageOptions {
  if (typeof entry === 'string') return readDeploymentFile(entry, { position, reading })
  if (isMapping(entry) && entry.jtype !== undefined) {
    const top: Section = { mapping: entry, positions, owner: 'Deployment' }
    return readDeployment(top, { position, reading })
  }
  const section = sectionOf(entry, { positions, owner: 'a stage', position })
  const { name } = section.mapping
  return readStage(
    { ...section, owner: typeof name === 'string' ? `stage '${name}'` : 'stage' },
    reading,
    inherited,
  )
}

function readDeploymentFile(
  name: string,
  { position, reading }: Pick<EntryContext, 'position' | 'reading'>,
): StageOptions {
  const file = findFile(name, reading)
  if (file === null) {
    const folders = searchFolders(reading).join(', ')
    throw new MillraceError(
      'MODULE_NOT_FOUND',
      `${shown(position)}: there is no file ${JSON.stringify(name)} in ${folders}.`,
    )
  }
  const { value, positions } = readYamlFile(file, reading)
  const top = sectionOf(value, { positions, owner: 'a Deployment', position: positions.start })
  return readDeployment(top, {
    position: positions.start,
    reading: { ...reading, folder: path.dirname(file) },
  })
}

function readDeployment(
  top: Section,
  { position, reading }: Pick<EntryContext, 'position' | 'reading'>,
): StageOptions {
  checkVersion(top)
  warnUnknown(top, deploymentSections, reading)
  const { jtype } = top.mapping
  if (jtype !== 'Deployment')
    throw badYaml(position, `an entry with jtype must be a Deployment, not ${show(jtype)}.`)
  return readStage(inner(top, 'with', 'Deployment'), reading, { options: {}, modules: [] })
}

function warnUnknown(top: Section, known: readonly string[], { warn }: Reading): void {
  for (const key of Object.keys(top.mapping)) if (!known.includes(key)) warn(unknownKey(top, key, known))
}

function checkVersion(top: Section): void {
  const { version } = top.mapping
  if ([undefined, null, 1, '1', '1.0'].includes(version as string)) return
  throw badYaml(positionIn(top, 'version'), `version must be '1', not ${show(version)}.`)
}

function inner(top: Section, key: string, owner: string): Section {
  return sectionOf(top.mapping[key], { positions: top.positions, owner, position: positionIn(top, key) })
}

/** Runs `make` and prefixes its errors with the source position. */
function at<T>(position: Position, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!MillraceError.is(error)) throw error
    throw new MillraceError(error.code, `${shown(position)}: ${error.message}`, { cause: error })
  }
}
