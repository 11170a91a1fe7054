import { bindingsOf } from './bindings.js'
import type { ExecutorClass } from './executor.js'
import { moduleUrl } from './origin.js'

/** How to find a class again. */
export interface Location {
  /** File URL. */
  readonly module: string
  /** The class's own name, as a hint: its export may have another one. */
  readonly className: string
}

/**
 * Where a class is defined: its own `static module`, else the module recorded by an `@requests` in its own body. Null
 * without both: a class that inherits all its endpoints needs `static module = import.meta.url`.
 */
export function locateClass(Class: ExecutorClass): Location | null {
  const module = declaredModule(Class) ?? notedModule(Class)
  return module === null ? null : { module, className: Class.name }
}

function declaredModule(Class: ExecutorClass): string | null {
  // an inherited `module` is the parent's file
  return Object.hasOwn(Class, 'module') && typeof Class.module === 'string' ? moduleUrl(Class.module) : null
}

function notedModule(Class: ExecutorClass): string | null {
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(Class.prototype))) {
    for (const { module } of bindingsOf(value)) if (module !== null) return module
  }
  for (const entry of Object.values(Object.hasOwn(Class, 'requests') ? (Class.requests ?? {}) : {})) {
    if (typeof entry === 'object' && 'handler' in entry && entry.module !== null) return entry.module
  }
  return null
}
