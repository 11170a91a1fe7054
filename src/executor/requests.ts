import { MillraceError } from '../errors.js'
import type { AsDeclared } from './as-declared.js'
import { bind, bindingsOf } from './bindings.js'
import type { HandlerMethod, TypedHandler } from './context.js'
import { type RequestsOptions, resolveOptions } from './options.js'
import { callerModule } from './origin.js'
import { describeValue } from './describe-value.js'

type MethodDecorator = (method: HandlerMethod, context: ClassMethodDecoratorContext) => void
type PathDecorator<Path extends string> = <This>(
  method: HandlerMethod,
  context: ClassMethodDecoratorContext<This> & AsDeclared<This, { readonly on: Path }>,
) => void
type TypedDecorator<T extends RequestsOptions> = <This>(
  method: TypedHandler<T>,
  context: ClassMethodDecoratorContext<This> & AsDeclared<This, T>,
) => void

/**
 * Binds a method of an Executor to endpoints: `@requests` to `/default`, `@requests('/x')` to one,
 * `@requests({ on: ['/x', '/y'], write: true })` to several. It also records the module, so that a pod can import the class
 * again. It must stand above other decorators of the method.
 *
 * With `input`, `output` and `parameters` the handler's documents and parameters are checked and typed (docs/types.md). In a class
 * that declares the endpoint, as `Executor<{ '/x': … }>` or with `Executor.declaring`, they must match that declaration.
 *
 * Throws INVALID_EXECUTOR where it cannot be used, UNKNOWN_OPTION and INVALID_OPTION.
 *
 * @example
 * class Index extends Executor {
 *   @requests({ on: '/index', write: true })
 *   index(docs: DocumentArray, { parameters }: HandlerContext) {}
 * }
 */
export function requests<This>(
  method: HandlerMethod,
  context: ClassMethodDecoratorContext<This> & AsDeclared<This, NoOptions>,
): void
export function requests<const Path extends string>(on: Path): PathDecorator<Path>
export function requests<const T extends RequestsOptions>(options: T): TypedDecorator<T>
export function requests(
  first: HandlerMethod | string | RequestsOptions,
  context?: ClassMethodDecoratorContext,
): ((method: never, context: ClassMethodDecoratorContext) => void) | void {
  // no tail call: Bun would drop the frame whose caller is looked for
  if (typeof first === 'function') {
    apply({ options: {}, method: first, context, callee: requests })
    return
  }
  if (context !== undefined) throw notStandard()
  const options = typeof first === 'string' ? { on: first } : first
  if (typeof options !== 'object' || options === null) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `@requests takes an endpoint or { on, write, input, output, parameters, batch }, not ${describeValue(first)}`,
    )
  }
  const decorator: MethodDecorator = (method, applied) => {
    apply({ options, method, context: applied, callee: decorator })
  }
  return decorator
}

type NoOptions = Readonly<Record<never, never>>

interface Application {
  readonly options: RequestsOptions
  readonly method: HandlerMethod
  readonly context: ClassMethodDecoratorContext | undefined
  /** The function called in the class body; its caller is the class's module. */
  readonly callee: (...args: never[]) => unknown
}

function apply({ options, method, context, callee }: Application): void {
  if (typeof context !== 'object' || context === null || !('kind' in context)) throw notStandard()
  const name = String(context.name)
  const where = `@requests on ${name}`
  if (context.kind !== 'method' || context.static || context.private) {
    throw new MillraceError('INVALID_EXECUTOR', `${where}: it can only decorate a public instance method`)
  }
  if ('method' in options || 'handler' in options) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: 'method' and typed() are only allowed in the static map`,
    )
  }
  bind(method, { ...resolveOptions(options, where), module: callerModule(callee) })
  context.addInitializer(function (this: unknown) {
    if (isReachable(this, context.name, method)) return
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: a decorator above it has replaced the method; put @requests first`,
    )
  })
}

/** Whether some class of the instance still has the decorated function under its name. */
function isReachable(instance: unknown, name: string | symbol, method: HandlerMethod): boolean {
  for (let proto: unknown = instance; typeof proto === 'object' && proto !== null; ) {
    const value: unknown = Object.getOwnPropertyDescriptor(proto, name)?.value
    if (value === method || bindingsOf(value).length > 0) return true
    proto = Object.getPrototypeOf(proto)
  }
  return false
}

function notStandard(): MillraceError {
  return new MillraceError(
    'INVALID_EXECUTOR',
    "@requests is a standard decorator: use it as '@requests' or '@requests(…)' on a method, and turn 'experimentalDecorators' off in tsconfig.json",
  )
}
