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
  readonly listeners: Set<(Class: ExecutorClass) => void>
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
  shared[key] ??= { offered: new Set(), listeners: new Set() }
}

/** Whether this process or thread is a pod. */
export function isPod(): boolean {
  return shared[key] !== undefined
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
  { clock = systemClock, others = [] }: { readonly clock?: Clock; readonly others?: readonly string[] } = {},
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
  state?.listeners.add(listener)
  state?.offered.forEach(listener)
  try {
    return await Promise.race([offer.promise, fromExports(modules, className, { clock, offer })])
  } finally {
    state?.listeners.delete(listener)
  }
}

async function fromExports(
  modules: readonly string[],
  className: string | null,
  { clock, offer }: { clock: Clock; offer: Deferred<ExecutorClass> },
): Promise<ExecutorClass> {
  const all: Exports[] = []
  for (const module of modules) all.push(await importModule(module))
  const found = all.map((exports) => findExecutor(exports, className)).find((Class) => Class !== undefined)
  if (found !== undefined) return found
  const error = exportNotFound(Object.assign({}, ...all) as Exports, modules.join(', '), className)
  if (isPod()) clock.after(lateOfferMs, () => offer.reject(error))
  else offer.reject(error)
  return offer.promise
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
