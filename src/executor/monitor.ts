import { MillraceError } from '../errors.js'
import { describeValue } from './describe-value.js'

/** Name and help of the summary of `@monitor`. */
export interface MonitorOptions {
  /** Name of the metric, without `jina_`. Default: the name of the method and `_seconds`. */
  readonly name?: string
  /** Default: `Time spent calling method NAME`. */
  readonly documentation?: string
}

// oxlint-disable-next-line typescript/no-explicit-any -- any method, whatever its parameters
type Method = (this: any, ...parameters: any[]) => any
type MethodDecorator = <M extends Method>(method: M, context: ClassMethodDecoratorContext) => M

/** What a decorated method needs of its Executor; another object has none, and is not measured. */
interface Monitored {
  readonly metrics?: { timer?(name: string, documentation: string): () => void }
}

/**
 * Measures the calls of a method of an Executor, as Jina's `@monitor(name, documentation)`: a summary `jina_NAME` of seconds, with
 * the label `runtime_name`. It measures nothing unless the Flow has `metrics`. Put it below `@requests`. A generator's time ends
 * with its last document.
 *
 * Throws INVALID_EXECUTOR where it cannot be used, and the method INVALID_OPTION for a name that Prometheus would refuse.
 *
 * @example
 * class Encoder extends Executor {
 *   @requests('/encode')
 *   @monitor({ name: 'encode_seconds', documentation: 'Time of the model' })
 *   encode(docs: DocumentArray) {}
 * }
 */
export function monitor<M extends Method>(method: M, context: ClassMethodDecoratorContext): M
export function monitor(options: MonitorOptions): MethodDecorator
export function monitor<M extends Method>(
  first: M | MonitorOptions,
  context?: ClassMethodDecoratorContext,
): M | MethodDecorator {
  if (typeof first === 'function') return monitored(first, context, {})
  if (typeof first !== 'object' || first === null || context !== undefined)
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `@monitor takes { name, documentation }, not ${describeValue(first)}`,
    )
  return <N extends Method>(method: N, applied: ClassMethodDecoratorContext) =>
    monitored(method, applied, first)
}

function monitored<M extends Method>(
  method: M,
  context: ClassMethodDecoratorContext | undefined,
  options: MonitorOptions,
): M {
  if (typeof context !== 'object' || context === null || context.kind !== 'method' || context.static)
    throw new MillraceError(
      'INVALID_EXECUTOR',
      "@monitor is a standard decorator of an instance method: turn 'experimentalDecorators' off in tsconfig.json",
    )
  const called = String(context.name)
  const { name = `${called}_seconds`, documentation = `Time spent calling method ${called}` } = options
  const begin = (executor: Monitored): (() => void) =>
    executor.metrics?.timer?.(name, documentation) ?? nothing
  return wrapped(method, begin) as M
}

/** A function of the same kind: whether a method is a generator decides how it is called. */
function wrapped(method: Method, begin: (executor: Monitored) => () => void): Method {
  const kind = Object.getPrototypeOf(method) as object
  if (kind === Object.getPrototypeOf(function* () {}))
    return function* (this: Monitored, ...parameters) {
      const end = begin(this)
      try {
        return yield* method.apply(this, parameters) as Generator
      } finally {
        end()
      }
    }
  if (kind === Object.getPrototypeOf(async function* () {}))
    return async function* (this: Monitored, ...parameters) {
      const end = begin(this)
      try {
        return yield* method.apply(this, parameters) as AsyncGenerator
      } finally {
        end()
      }
    }
  return function (this: Monitored, ...parameters) {
    const end = begin(this)
    try {
      const result: unknown = method.apply(this, parameters)
      if (result instanceof Promise) return result.finally(end)
      end()
      return result
    } catch (error) {
      end()
      throw error
    }
  }
}

function nothing(): void {}
