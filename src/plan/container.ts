import type { Option, OptionTable } from './option.js'
import { parseOptions } from './option.js'
import { amountOf } from './quantity.js'
import { listOf, optional, text } from './option-kinds.js'

/** Settings of a stage's containers. Ignored where the stage runs in processes or threads. */
export interface ContainerSettings {
  /**
   * Image of the stage's containers. Without `uses` the image contains its Executor in `config.yml` (like
   * `uses: 'docker://…'`); with `uses` it contains that class or module below `/app`. Default null: the export's image.
   */
  readonly image: string | null
  /**
   * Folders that outlive a container: `'/data'`, or `'source:/data'`, where the source is a host folder or a volume name
   * (Compose only; Kubernetes gets one volume claim for each). Default `[]`.
   */
  readonly volumes: readonly string[]
  /** `'all'`, a number of GPUs, or `'device=0,2'`. Default null: none. */
  readonly gpus: 'all' | number | `device=${string}` | null
  /** CPU and memory of one container. Default `{}`: no requests and no limits. */
  readonly resources: Resources
  /** Environment variables taken from secrets (Jina's `env_from_secret`): secret and key by variable. Default `{}`. */
  readonly envFromSecret: Readonly<Record<string, SecretKey>>
  /** Names of secrets for pulling the image. Default `[]`. */
  readonly imagePullSecrets: readonly string[]
}

/** Container options of `flow.add()`. */
export type ContainerOptions = Partial<Omit<ContainerSettings, 'volumes' | 'imagePullSecrets'>> & {
  readonly volumes?: string | readonly string[]
  readonly imagePullSecrets?: string | readonly string[]
}

/** Guaranteed and maximum resources of one container. */
export interface Resources {
  readonly requests?: Amounts
  readonly limits?: Amounts
}

/** Kubernetes quantities: `{ cpu: '500m', memory: '1Gi' }`. */
export interface Amounts {
  readonly cpu?: string | number
  readonly memory?: string | number
}

/** A key of a secret. */
export interface SecretKey {
  readonly name: string
  readonly key: string
}

/** A folder that outlives its container. */
export interface Volume {
  /** A host folder or a volume name; null for a volume created for this stage. */
  readonly source: string | null
  /** Absolute path in the container. */
  readonly target: string
}

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/
const cpu = /^(\d+(\.\d+)?|\.\d+)m?$/
const memory = /^\d+(\.\d+)?([kMGTPE]|[KMGTPE]i)?$/

const volume: Option<string> = {
  expected: "an absolute path in the container, '/data', or one with its source before it, 'source:/data'",
  preset: '/',
  parse: (value) => (typeof value === 'string' && parseVolume(value) !== null ? value : undefined),
}

/** Null when the text is not a volume. */
export function parseVolume(written: string): Volume | null {
  const [, source = null, target] =
    /^(?:([./~][^:]*|[A-Za-z0-9][\w.-]*):)?(\/[^:]*[^:/])$/.exec(written) ?? []
  return target === undefined || target.split('/').includes('..') ? null : { source, target }
}

const amounts: OptionTable<{ cpu: string | number | null; memory: string | number | null }> = {
  cpu: quantity(cpu),
  memory: quantity(memory),
}

const secretKey: OptionTable<SecretKey> = { name: text(''), key: text('') }

export const imageOption: Option<string> = {
  expected: "the name of an image, such as 'registry.example/indexer:1.2'",
  preset: '',
  parse: (value) => (typeof value === 'string' && isImage(value) ? value : undefined),
}

export const resourcesOption: Option<Resources> = {
  expected:
    "{ requests: { cpu, memory }, limits: { cpu, memory } } with quantities such as '500m' and '1Gi', and no request above its limit",
  preset: {},
  parse: parseResources,
}

export const containerOptions: OptionTable<ContainerSettings> = {
  image: optional(imageOption),
  volumes: listOf(volume, []),
  gpus: {
    expected: "'all', a whole number above 0, or 'device=0,2'",
    preset: null,
    parse: (value) => (isGpus(value) ? value : undefined),
  },
  resources: resourcesOption,
  envFromSecret: {
    expected: 'an object of { name, key } by variable',
    preset: {},
    parse: parseSecrets,
  },
  imagePullSecrets: listOf(text('secret'), []),
}

/** True for an image reference as registries accept it: no scheme, no spaces. */
export function isImage(value: string): boolean {
  return /^[a-z0-9][\w.:/@+-]*$/i.test(value) && !value.includes('://')
}

function isGpus(value: unknown): value is ContainerSettings['gpus'] {
  if (value === null || value === 'all') return true
  if (typeof value === 'number') return Number.isInteger(value) && value > 0
  return typeof value === 'string' && /^device=[\w-]+(,[\w-]+)*$/.test(value)
}

function quantity(form: RegExp): Option<string | number | null> {
  return optional({
    expected: 'a quantity',
    preset: null as never,
    parse: (value: unknown) =>
      (typeof value === 'string' || typeof value === 'number') &&
      form.test(String(value)) &&
      amountOf(value) > 0
        ? value
        : undefined,
  })
}

function parseResources(value: unknown): Resources | undefined {
  const given = parseOptions<{ requests: Amounts | null; limits: Amounts | null }>(
    { requests: optional(amountsOption), limits: optional(amountsOption) },
    value,
  )
  if (given === undefined || isAbove(given.requests, given.limits)) return undefined
  return withoutNull(given)
}

function isAbove(requests: Amounts | null, limits: Amounts | null): boolean {
  const isMore = (asked: string | number = 0, most: string | number = Number.MAX_VALUE): boolean =>
    amountOf(asked) > (typeof most === 'number' ? most : amountOf(most))
  return isMore(requests?.cpu, limits?.cpu) || isMore(requests?.memory, limits?.memory)
}

const amountsOption: Option<Amounts> = {
  expected: '{ cpu, memory }',
  preset: {},
  parse(value) {
    const parsed = parseOptions(amounts, value)
    return parsed === undefined ? undefined : withoutNull(parsed)
  },
}

function parseSecrets(value: unknown): Readonly<Record<string, SecretKey>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value).map(([name, key]) => [name, parseOptions(secretKey, key)] as const)
  const usable = entries.every(
    ([name, key]) => variable.test(name) && key && key.name !== '' && key.key !== '',
  )
  return usable ? (Object.fromEntries(entries) as Record<string, SecretKey>) : undefined
}

function withoutNull(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}
