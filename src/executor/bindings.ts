import type { ResolvedOptions } from './options.js'

/** The options of one `@requests`, and where it was applied. */
export interface Binding extends ResolvedOptions {
  /** File URL of the module that applied the decorator; null when it has none, as in a REPL. */
  readonly module: string | null
}

type Registry = WeakMap<object, Binding[]>

const key = Symbol.for('millrace.requests')
const shared = globalThis as typeof globalThis & { [key]?: Registry }

/**
 * Bindings by the decorated function itself, so that they are known without constructing the class and however a compiler
 * implements `Symbol.metadata`. On `globalThis`, so that two copies of the package share them.
 */
const registry: Registry = (shared[key] ??= new WeakMap())

export function bind(method: object, binding: Binding): void {
  registry.set(method, [...(registry.get(method) ?? []), binding])
}

export function bindingsOf(method: unknown): readonly Binding[] {
  return typeof method === 'function' ? (registry.get(method) ?? []) : []
}
