import type { TypeOptions } from '../document/typed/index.js'
import { MillraceError } from '../errors.js'
import type { TypedHandler } from './context.js'
import { describeValue } from './describe-value.js'
import type { HandledRequest, StaticOptions } from './options.js'
import { callerModule } from './origin.js'

/**
 * An entry of an Executor's static map with its handler, which is checked against input, output and parameters and gets its own
 * types from them. `Client<typeof flow>` gets them from the map.
 *
 * @throws INVALID_EXECUTOR
 *
 * @example
 * class Encoder extends Executor {
 *   static override requests = {
 *     '/encode': typed({ input: Text, output: Article }, (docs) => docs.to(Article, () => ({ embedding: [1, 2] }))),
 *   }
 * }
 */
export function typed<const T extends TypeOptions & StaticOptions>(
  options: T,
  handler: TypedHandler<T>,
): T & HandledRequest {
  if (typeof options !== 'object' || options === null || typeof handler !== 'function') {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `typed() takes options and a handler, as in typed({ input: Text }, (docs) => …), not ${describeValue(options)} and ${describeValue(handler)}`,
    )
  }
  const entry = {
    ...options,
    handler: handler as unknown as HandledRequest['handler'],
    module: callerModule(typed),
  }
  return entry
}
