import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { show } from '../lib/show.js'

type Parameters = Readonly<Record<string, unknown>>

/** The parameters of each endpoint. */
export const parametersOf = {
  '/index': ['includeEmbeddings'],
  '/update': ['includeEmbeddings'],
  '/delete': ['ids', 'filter', 'all'],
  '/search': ['limit', 'filter', 'includeEmbeddings', 'exact'],
  '/get': ['includeEmbeddings'],
  '/count': ['filter'],
  '/flush': [],
  '/snapshot': ['name'],
  '/restore': ['name'],
} as const

type Path = keyof typeof parametersOf

/** Names of the same parameter in other systems. */
const synonyms: Readonly<Record<string, string>> = {
  k: 'limit',
  n: 'limit',
  size: 'limit',
  topk: 'limit',
  top_k: 'limit',
  topK: 'limit',
  where: 'filter',
  query: 'filter',
  path: 'name',
}

/**
 * Throws INVALID_INPUT, with the nearest known name, for a parameter that the endpoint does not take: a misspelt filter
 * would filter nothing. An object without operators is accepted: it holds the parameters of a stage of that name.
 */
export function requireKnown(path: Path, parameters: Parameters): void {
  const known: readonly string[] = parametersOf[path]
  for (const [name, value] of Object.entries(parameters)) {
    if (name === '__results__' || known.includes(name)) continue
    const synonym = synonyms[name]
    const near = synonym !== undefined && known.includes(synonym) ? synonym : nearest(name, known)
    if (near === undefined && isForAStage(name, value)) continue
    const takes = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
    throw new MillraceError(
      'INVALID_INPUT',
      `VectorIndexer: ${path} has no parameter '${name}'; ` +
        `${near === undefined ? takes : `did you mean '${near}'?`} Write a parameter for another stage as STAGE__${name}.`,
    )
  }
}

const allNames: readonly string[] = Object.values(parametersOf).flat()

function isForAStage(name: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return nearest(name, allNames) === undefined && !hasOperator(value)
}

/** Objects in parameters are nested at most 64 deep. */
function hasOperator(value: object): boolean {
  return Object.entries(value).some(
    ([key, inner]) =>
      key.startsWith('$') || (typeof inner === 'object' && inner !== null && hasOperator(inner as object)),
  )
}

/** A positive integer. */
export function limitOf({ limit }: Parameters, preset: number): number {
  const asked = limit ?? preset
  if (Number.isSafeInteger(asked) && (asked as number) >= 1) return asked as number
  throw invalid('limit', 'a whole number from 1', asked)
}

export function flagOf(parameters: Parameters, name: string, preset: boolean): boolean {
  const flag = parameters[name] ?? preset
  if (typeof flag === 'boolean') return flag
  throw invalid(name, 'true or false', flag)
}

/** The `ids` among the parameters. */
export function idsAmong(parameters: Parameters): readonly string[] {
  const ids = parameters.ids ?? []
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw invalid('ids', 'a list of texts', ids)
}

/** The name of a snapshot, which cannot lead out of the snapshots' folder. */
export function nameOf({ name }: Parameters): string {
  if (typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,99}$/.test(name)) return name
  throw invalid('name', 'up to 100 letters, digits, _ - and . that begin with a letter or digit', name)
}

export function invalid(name: string, expected: string, value: unknown): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `VectorIndexer: the parameter ${name} must be ${expected}, not ${show(value)}.`,
  )
}
