import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { Executor, type ExecutorClass, isExecutorClass } from './executor.js'
import { importModule } from './import-module.js'
import { locateClass } from './locate.js'
import { moduleUrl } from './origin.js'

interface PodState {
  readonly offered: Set<ExecutorClass>
  readonly listeners: Set<(Class: ExecutorClass) => void>
}

const key = Symbol.for('millrace.pod')
/** On `globalThis`, so that the pod's copy of the package and the user's copy agree. */
const shared = globalThis as typeof globalThis & { [key]?: PodState }

/** Says that this process or thread is a pod: `Flow.start()` never resolves here. Called by a pod's entry, first thing. */
export function enterPod(): void {
  shared[key] ??= { offered: new Set(), listeners: new Set() }
}

/** Whether this process or thread is a pod. */
export function isPod(): boolean {
  return shared[key] !== undefined
}

/** `Flow.add()` hands in each class it is given; outside of a pod nobody asks for it. */
export function offerClass(Class: ExecutorClass): void {
  const state = shared[key]
  if (state === undefined) return
  state.offered.add(Class)
  for (const listener of state.listeners) listener(Class)
}

/**
 * The class of a stage. Null as module gives the base class.
 *
 * In a pod it resolves as soon as the class is known: with the module, or when the module hands it to a Flow, since a
 * module that waits for `Flow.start()` never finishes there and need not export its class.
 *
 * Rejects with MODULE_NOT_FOUND when the module cannot be loaded (its own error is the cause), EXPORT_NOT_FOUND when
 * it has no such class.
 */
export async function loadClass(module: string | null, className: string | null): Promise<ExecutorClass> {
  if (module === null) return Executor
  const state = shared[key]
  if (state === undefined) return pick(await importModule(module), { module, className, offered: [] })
  const wanted = (Class: ExecutorClass) => isWanted(Class, module, className)
  const offer = deferred<ExecutorClass>()
  const listener = (Class: ExecutorClass) => {
    if (wanted(Class)) offer.resolve(Class)
  }
  state.listeners.add(listener)
  for (const Class of state.offered) listener(Class)
  try {
    const loaded = importModule(module).then((exports) => {
      const offered = [...state.offered].filter(wanted)
      return pick(exports, { module, className, offered })
    })
    return await Promise.race([offer.promise, loaded])
  } finally {
    state.listeners.delete(listener)
  }
}

/** A class whose place is unknown is taken by its name. */
function isWanted(Class: ExecutorClass, module: string, className: string | null): boolean {
  if (className !== null && Class.name !== className) return false
  const location = locateClass(Class)
  return location === null ? className !== null : location.module === moduleUrl(module)
}

interface Wanted {
  readonly module: string
  readonly className: string | null
  readonly offered: readonly ExecutorClass[]
}

function pick(
  exports: Readonly<Record<string, unknown>>,
  { module, className, offered }: Wanted,
): ExecutorClass {
  const executors = Object.entries(exports).filter(
    (entry): entry is [string, ExecutorClass] => isExecutorClass(entry[1]) && entry[1] !== Executor,
  )
  const distinct = [...new Set(executors.map(([, Class]) => Class))]
  const found =
    className === null
      ? (executors.find(([name]) => name === 'default')?.[1] ??
        (distinct.length === 1 ? distinct[0] : offered[0]))
      : (executors.find(([name]) => name === className)?.[1] ??
        distinct.find((Class) => Class.name === className) ??
        offered[0])
  if (found !== undefined) return found
  throw new MillraceError('EXPORT_NOT_FOUND', missing(exports, { module, className, offered }))
}

function missing(exports: Readonly<Record<string, unknown>>, { module, className }: Wanted): string {
  const names = Object.entries(exports).map(([name, value]) =>
    isExecutorClass(value) ? `${name} (an Executor)` : name,
  )
  const has = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`
  if (className !== null) return `${module} has no Executor '${className}'; ${has}. Export the class`
  return `${module} has no default export that is an Executor and not exactly one Executor; ${has}. Name one: '${module}#Name'`
}
