type Take = (flow: object) => void

const key = Symbol.for('millrace.capture')
/** On `globalThis`, because a user's module may load another copy of this package. */
const shared = globalThis as typeof globalThis & { [key]?: Take }

/**
 * Makes `Flow.start()` pass the Flow to `take` and never resolve, instead of starting it. This allows loading a file that
 * starts its Flow just to get the Flow. The returned function ends this.
 */
export function captureStarts(take: Take): () => void {
  shared[key] = take
  return () => Reflect.deleteProperty(shared, key)
}

/** Whether starts are captured; if so, passes this Flow to the capturing function. */
export function isCaptured(flow: object): boolean {
  shared[key]?.(flow)
  return shared[key] !== undefined
}
