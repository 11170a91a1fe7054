import type { Handler, Layer } from './call.js'

/**
 * Wraps a handler in layers, outermost first.
 *
 * @example
 * const handler = stack([timeout({ ms: 500 }), errorContext({ deployment })], balance(pool))
 */
export function stack(layers: readonly Layer[], innermost: Handler): Handler {
  return layers.reduceRight<Handler>((next, layer) => layer(next), innermost)
}
