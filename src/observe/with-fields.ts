import { levels } from './log-rules.js'
import type { Logger } from './logger.js'

/** A logger that adds fields to every line of another one; a field of the line with the same name is not written. */
export function withFields(logger: Logger, fields: object): Logger {
  const [debug, info, warn, error] = levels.map(
    (level) =>
      (message: string, more?: object): void =>
        logger[level](message, merged(more, fields)),
  ) as [Logger['debug'], Logger['info'], Logger['warn'], Logger['error']]
  return { debug, info, warn, error }
}

/** A getter that throws must not fail what logs: `more` then becomes a field that says so. */
function merged(more: object | undefined, fields: object): object {
  try {
    return { ...more, ...fields }
  } catch (error) {
    return { unwritable: String(error), ...fields }
  }
}
