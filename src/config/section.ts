import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { type Option, show } from '../plan/option.js'
import { isMapping } from '../yaml/mapping.js'
import { badYaml, type Place, type Places, shown } from '../yaml/place.js'
import type { Warn } from '../yaml/warn.js'
import type { Key, KeyTable } from './keys.js'
import { readAs } from './readings.js'

/** A mapping of a YAML text, with what messages say of it. */
export interface Section {
  readonly mapping: Readonly<Record<string, unknown>>
  readonly places: Places
  /** `Flow`, `stage 'encoder'`. */
  readonly owner: string
}

/** @throws BAD_YAML */
export function sectionOf(
  value: unknown,
  { places, owner, place }: Omit<Section, 'mapping'> & { readonly place: Place },
): Section {
  if (value === null || value === undefined) return { mapping: {}, places, owner }
  if (isMapping(value)) return { mapping: value, places, owner }
  throw badYaml(place, `${owner} must be a mapping, not ${show(value)}.`)
}

export function placeIn({ mapping, places }: Section, key: string): Place {
  return places.of(mapping, key)
}

/** Whether a key that is no option here asks for anything; `NONE` is Jina's word for nothing. */
export function isSaid(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return ![null, undefined, false, '', 'NONE'].includes(value as string)
}

type Options = Readonly<Record<string, Option<unknown>>>

/**
 * The options that a section says, by our names. What it says twice, as Jina's name and as ours, is what it says last.
 *
 * @throws INVALID_OPTION for a value that an option does not take, UNSUPPORTED for what must not be ignored
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
  for (const [key, value] of Object.entries(section.mapping)) {
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
      if (isSaid(value)) warn(`${shown(placeIn(section, key))}: '${key}' has no effect here.`, key)
      return
    case 'refused':
      if (isSaid(value)) throw unsupported(section, key, 'is not part of this version. Leave it out.')
      return
    case 'opposite': {
      const flag = readOption(section, key, { expected: 'true or false', preset: false, parse: flagOf })
      if (flag === true) options[meaning.option] = false
      return
    }
    case 'option': {
      const option = table[meaning.option]
      const read = option === undefined ? value : readOption(section, key, option)
      // what is no option of this version is refused where all options are checked
      if (option === undefined ? isSaid(read) : read !== undefined) options[meaning.option] = read
    }
  }
}

/** Undefined for null where null is no value of its own. @throws INVALID_OPTION */
export function readOption(section: Section, key: string, option: Option<unknown>): unknown {
  const value = section.mapping[key]
  if (value === null || value === undefined) {
    return option.preset !== null && option.parse(null) === null ? null : undefined
  }
  const read = readAs(option, value)
  if (read !== undefined) return read
  throw new MillraceError(
    'INVALID_OPTION',
    `${shown(placeIn(section, key))}: ${section.owner}: ${key} must be ${option.expected}, not ${show(value)}.`,
  )
}

export function unsupported(section: Section, key: string, what: string): MillraceError {
  return new MillraceError('UNSUPPORTED', `${shown(placeIn(section, key))}: ${section.owner}: ${key} ${what}`)
}

/** What a warning says of a key that is nobody's. */
export function unknownKey(section: Section, key: string, known: Iterable<string>): string {
  const near = nearest(key, known)
  const advice = near === undefined ? '' : ` Did you mean '${near}'?`
  return `${shown(placeIn(section, key))}: ${section.owner}: there is no '${key}', and it has no effect.${advice}`
}

function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
