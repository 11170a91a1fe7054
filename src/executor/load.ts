import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import { Executor, type ExecutorClass } from './executor.js'
import { exportNotFound, findExecutor } from './find-executor.js'
import { type Exports, importModule } from './import-module.js'
import { locateClass } from './locate.js'
import { moduleUrl } from './origin.js'

interface PodState {
  readonly offered: Set<ExecutorClass>
  /** Of classes that are being looked for. */
  readonly listeners: Set<(Class: ExecutorClass) => void>
  /** Called when the module waits for the start of a Flow, so that it will not end. */
  readonly onBlocked: Set<() => void>
}

const key = Symbol.for('millrace.pod')
/** On `globalThis`, so that the pod's copy of the package and the user's copy share it. */
const shared = globalThis as typeof globalThis & { [key]?: PodState }

/**
 * How long a class may still be offered after its module was evaluated: an async `main()` may build its Flow after reading
 * something.
 */
const lateOfferMs = 2000

/** Marks this process or thread as a pod: `Flow.start()` never resolves here. Called first by a pod's entry. */
export function enterPod(): void {
  shared[key] ??= { offered: new Set(), listeners: new Set(), onBlocked: new Set() }
}

/** Whether this process or thread is a pod. */
export function isPod(): boolean {
  return shared[key] !== undefined
}

/**
 * Called by `Flow.start()` in a pod, where it never resolves: a module that awaits it gets no further. If a class is still looked
 * for then, all Executors that exist are offered: the class may be that of a Flow that is built further down.
 */
export function blockInPod(): void {
  const state = shared[key]
  if (state === undefined) return
  // after the module had the rest of its turn: it may not await this start
  setImmediate(() => {
    if (state.listeners.size === 0) return
    void import('./subclasses.js').then(({ subclasses }) => {
      for (const Class of subclasses()) offerClass(Class)
      for (const blocked of state.onBlocked) blocked()
    })
  })
}

/** Outside of pods: the classes that YAML may refer to, the latest one of each name. */
const named = new Map<string, ExecutorClass>()

/** Called by `Flow.add()` with each class it is given: for pods, and for YAML that names the class. */
export function offerClass(Class: ExecutorClass): void {
  named.set(Class.name, Class)
  const state = shared[key]
  if (state === undefined) return
  state.offered.add(Class)
  for (const listener of state.listeners) listener(Class)
}

/** The class of that name that this program has offered. */
export function offeredClass(name: string): ExecutorClass | undefined {
  return named.get(name)
}

interface LoadClassOptions {
  readonly clock?: Clock
  /** Modules that are imported first. */
  readonly others?: readonly string[]
  /** As of `ensureTypeScript`. */
  readonly nativeTypeScript?: boolean
}

/**
 * Loads the class of a stage. Module null stands for the base class, name null for the default export, else the only Executor.
 *
 * In a pod it resolves as soon as the class is known: with the module, or when the module passes it to a Flow, because a
 * module that awaits `Flow.start()` never finishes there and need not export its class.
 *
 * Rejects with MODULE_NOT_FOUND when the module cannot be loaded (its own error is the cause), EXPORT_NOT_FOUND when it has no
 * such class. `others` are imported first, and the first module that has the class is used.
 */
export async function loadClass(
  module: string | null,
  className: string | null,
  { clock = systemClock, others = [], nativeTypeScript = false }: LoadClassOptions = {},
): Promise<ExecutorClass> {
  if (module === null) return Executor
  const state = shared[key]
  const modules = [...others, module]
  const offer = deferred<ExecutorClass>()
  const matching = new Set<ExecutorClass>()
  const listener = (Class: ExecutorClass) => {
    if (!modules.some((one) => isWanted(Class, one, className))) return
    // the other stages of the same Flow are offered synchronously
    if (matching.size === 0) queueMicrotask(() => settleOffer(offer, matching))
    matching.add(Class)
  }
  const onBlocked = (): void => {
    clock.after(lateOfferMs, () => offer.reject(notReached(modules, className)))
  }
  state?.listeners.add(listener)
  state?.onBlocked.add(onBlocked)
  state?.offered.forEach(listener)
  try {
    return await Promise.race([
      offer.promise,
      fromExports(modules, className, { clock, offer, nativeTypeScript }),
    ])
  } finally {
    state?.listeners.delete(listener)
    state?.onBlocked.delete(onBlocked)
  }
}

async function fromExports(
  modules: readonly string[],
  className: string | null,
  {
    clock,
    offer,
    nativeTypeScript,
  }: { clock: Clock; offer: Deferred<ExecutorClass>; nativeTypeScript: boolean },
): Promise<ExecutorClass> {
  const all: Exports[] = []
  for (const module of modules) all.push(await importModule(module, { nativeTypeScript }))
  const found = all.map((exports) => findExecutor(exports, className)).find((Class) => Class !== undefined)
  if (found !== undefined) return found
  const error = exportNotFound(Object.assign({}, ...all) as Exports, modules.join(', '), className)
  if (isPod()) clock.after(lateOfferMs, () => offer.reject(error))
  else offer.reject(error)
  return offer.promise
}

function notReached(modules: readonly string[], className: string | null): MillraceError {
  const what = className === null ? 'an Executor' : `the class ${className}`
  return new MillraceError(
    'EXPORT_NOT_FOUND',
    `A replica imports ${modules.join(', ')} for ${what}, but that file waits for the start of a Flow before it defines it. ` +
      'Define the class above the first flow.start(), or in a file of its own.',
  )
}

function settleOffer(offer: Deferred<ExecutorClass>, [first, ...others]: Iterable<ExecutorClass>): void {
  if (first === undefined) return
  if (others.length === 0) return offer.resolve(first)
  const message = `Two Executors of this Flow are called '${first.name}' in one file, and a pod cannot tell them apart. Give each class a name of its own.`
  offer.reject(new MillraceError('INVALID_EXECUTOR', message))
}

/** A class without a known module is matched by its name. */
function isWanted(Class: ExecutorClass, module: string, className: string | null): boolean {
  if (className !== null && Class.name !== className) return false
  const location = locateClass(Class)
  return location === null ? className !== null : location.module === moduleUrl(module)
}
