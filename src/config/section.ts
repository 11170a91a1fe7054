import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { show } from '../lib/show.js'
import { hintOf, type Option } from '../plan/option.js'
import { flag } from '../plan/option-kinds.js'
import { isMapping } from '../lib/mapping.js'
import { badYaml, type Position, type Positions, shown } from '../yaml/position.js'
import type { Warn } from '../yaml/warn.js'
import { environmentOf } from './environment.js'
import type { Key, KeyTable } from './keys.js'
import { readAs } from './readings.js'

/** A mapping of a YAML text, with its positions and its name for messages. */
export interface Section {
  readonly mapping: Readonly<Record<string, unknown>>
  readonly positions: Positions
  /** `Flow`, `stage 'encoder'`. */
  readonly owner: string
}

/** @throws BAD_YAML */
export function sectionOf(
  value: unknown,
  { positions, owner, position }: Omit<Section, 'mapping'> & { readonly position: Position },
): Section {
  if (value === null || value === undefined) return { mapping: {}, positions, owner }
  if (isMapping(value)) return { mapping: value, positions, owner }
  throw badYaml(position, `${owner} must be a mapping, not ${show(value)}.`)
}

export function positionIn({ mapping, positions }: Section, key: string): Position {
  return positions.of(mapping, key)
}

/** True when a value asks for anything; Jina writes `NONE` for nothing. */
export function isSaid(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return ![null, undefined, false, '', 'NONE'].includes(value as string)
}

const switchOption: Option<unknown> = flag(false)

type Options = Readonly<Record<string, Option<unknown>>>

/**
 * Reads the options of a section, keyed by our names. When an option is given under two names, the last one wins.
 *
 * @throws INVALID_OPTION for an invalid value, UNSUPPORTED for a key that must not be ignored
 */
export function readOptions(
  section: Section,
  {
    keys,
    table,
    warn,
    ignore,
  }: {
    readonly keys: KeyTable
    readonly table: Options
    readonly warn: Warn
    readonly ignore: readonly string[]
  },
): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  const entries = Object.entries(section.mapping)
  // members after the whole of their option
  const isMember = ([key]: readonly [string, unknown]): boolean =>
    ['member', 'names'].includes(keys.get(key)?.kind ?? '')
  for (const [key, value] of [...entries.filter((each) => !isMember(each)), ...entries.filter(isMember)]) {
    if (ignore.includes(key)) continue
    const meaning = keys.get(key)
    if (meaning === undefined) warn(unknownKey(section, key, keys.keys()))
    else readKey(section, { key, value, meaning, table, warn, options })
  }
  return options
}

interface Found {
  readonly key: string
  readonly value: unknown
  readonly meaning: Key
  readonly table: Options
  readonly warn: Warn
  readonly options: Record<string, unknown>
}

function readKey(section: Section, { key, value, meaning, table, warn, options }: Found): void {
  switch (meaning.kind) {
    case 'without-effect':
      if (isSaid(value)) warn(`${shown(positionIn(section, key))}: '${key}' has no effect here.`, key)
      return
    case 'refused':
      if (isSaid(value)) throw unsupported(section, key, 'is not part of this version. Leave it out.')
      return
    case 'opposite': {
      if (readOption(section, key, switchOption) === true) options[meaning.option] = false
      return
    }
    case 'member': {
      const { option, member, isOpposite, isRefinement = false } = meaning
      if (value === null || value === undefined) return
      const whole = options[option] as object | boolean | null | undefined
      if (isRefinement && (whole ?? false) === false) {
        warn(`${shown(positionIn(section, key))}: '${key}' has no effect without '${option}'.`, key)
        return
      }
      const read = readOption(section, key, isOpposite ? switchOption : memberOf(table[option]!, member))
      options[option] = { ...(whole as object | undefined), [member]: isOpposite ? read !== true : read }
      return
    }
    case 'names': {
      if (!isSaid(value)) return
      const members = typeof value === 'string' ? meaning.members.get(value.toLowerCase()) : undefined
      if (members === undefined) {
        const names = [...meaning.members.keys()].join(', ')
        warn(`${shown(positionIn(section, key))}: '${key}' has no effect here, unless it is ${names}.`, key)
        return
      }
      options[meaning.option] = { ...members, ...(options[meaning.option] as object | undefined) }
      return
    }
    case 'option': {
      const option = table[meaning.option]
      const read = option === undefined ? value : readOption(section, key, option)
      // options planned for later are refused where all options are checked
      if (option === undefined ? isSaid(read) : read !== undefined) options[meaning.option] = read
    }
  }
}

/** Undefined for a missing key, and for null where the option has no use for null. @throws INVALID_OPTION */
export function readOption(section: Section, key: string, option: Option<unknown>): unknown {
  const value = key === 'env' ? environmentOf(section.mapping[key], section.positions) : section.mapping[key]
  if (value === null || value === undefined) {
    return option.preset !== null && option.parse(null) === null ? null : undefined
  }
  const read = readAs(option, value)
  if (read !== undefined) return read
  throw new MillraceError(
    'INVALID_OPTION',
    `${shown(positionIn(section, key))}: ${section.owner}: ${key} must be ${option.expected}${option.isSecret ? '' : `, not ${show(value)}`}.${hintOf(option, value)}`,
  )
}

export function unsupported(section: Section, key: string, what: string): MillraceError {
  return new MillraceError(
    'UNSUPPORTED',
    `${shown(positionIn(section, key))}: ${section.owner}: ${key} ${what}`,
  )
}

/** Warning for an unknown key. */
export function unknownKey(section: Section, key: string, known: Iterable<string>): string {
  const near = nearest(key, known)
  const advice = near === undefined ? '' : ` Did you mean '${near}'?`
  return `${shown(positionIn(section, key))}: ${section.owner}: there is no '${key}', and it has no effect.${advice}`
}

/** One member of an option that is an object. */
function memberOf(option: Option<unknown>, member: string): Option<unknown> {
  return option.member ?? { ...option, parse: (value) => option.parse({ [member]: value }) }
}
