type Take = (flow: object) => void

const key = Symbol.for('millrace.capture')
/** On `globalThis`: the module of a user has a copy of the package of its own. */
const shared = globalThis as typeof globalThis & { [key]?: Take }

/**
 * From now on `Flow.start()` starts nothing: it gives the Flow to `take` and never resolves, so that a file that starts its Flow
 * can be loaded for the Flow alone. The returned function ends this.
 */
export function captureStarts(take: Take): () => void {
  shared[key] = take
  return () => Reflect.deleteProperty(shared, key)
}

/** Whether starts are captured; then this one is. */
export function isCaptured(flow: object): boolean {
  shared[key]?.(flow)
  return shared[key] !== undefined
}
