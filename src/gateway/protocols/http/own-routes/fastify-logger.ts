import type { FastifyBaseLogger } from 'fastify'
import type { Logger } from '../../../../observe/logger.js'

type Write = (fields: unknown, message?: string) => void

/** Millrace's logger as Fastify wants it: `app.log`, and `request.log` with the request's id. Levels below `info` are `debug`. */
export function fastifyLogger(logger: Logger, bindings: object = {}): FastifyBaseLogger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): Write =>
    (given, message) => {
      const isText = typeof given === 'string'
      const fields = { ...bindings, ...(!isText && fieldsOf(given)) }
      const { error } = fields as { readonly error?: Error }
      const text = isText ? given : (message ?? error?.message ?? '')
      logger[level](text, Object.keys(fields).length > 0 ? fields : undefined)
    }
  const log = {
    level: 'info',
    trace: at('debug'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('error'),
    silent: () => {},
    child: (more: object) => fastifyLogger(logger, { ...bindings, ...more }),
  }
  return log
}

/** Fastify's own requests and replies are not written out: they are large, and have credentials. */
function fieldsOf(given: unknown): object {
  if (given instanceof Error) return { error: given }
  if (typeof given !== 'object' || given === null) return {}
  const { req: _req, res: _res, err, ...fields } = given as Record<string, unknown>
  return err === undefined ? fields : { ...fields, error: err }
}
