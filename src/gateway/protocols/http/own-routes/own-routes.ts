import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { MillraceError } from '../../../../errors.js'
import type { Clock } from '../../../../lib/clock.js'
import { programLogger } from '../../../../observe/logger.js'
import { importFunction, namedFunction } from '../../../import-function.js'
import type { Serving } from '../../../serving.js'
import type { Exchange } from '../exchange.js'
import { checkPath, taken } from './conflicts.js'
import { holdRequests } from './hooks.js'
import { InnerClient } from './routes-client.js'
import type { RoutesContext } from './routes-context.js'

/** How long the module may take to load, and its function and plugins to register, in milliseconds. */
const registerMs = 10_000

export interface OwnRoutesOptions {
  readonly clock: Clock
  exchangeOf(request: FastifyRequest['raw']): Exchange | undefined
}

/**
 * Registers the routes of the user's module, in a context of its own: its hooks, decorators, parsers and error handlers do not
 * reach Millrace's routes, even those of plugins that share theirs.
 *
 * 1. What holds for a request to an endpoint holds for one to these routes too: `hooks.ts`.
 * 2. A path of Millrace's is never replaced: `conflicts.ts`.
 *
 * Rejects with MODULE_NOT_FOUND, EXPORT_NOT_FOUND and START_FAILED, which names the module.
 */
export async function registerOwnRoutes(
  app: FastifyInstance,
  serving: Serving,
  { clock, exchangeOf }: OwnRoutesOptions,
): Promise<void> {
  const module = serving.http!.routes!
  const logger = programLogger(serving.facts?.name ?? 'gateway')
  const client = new InnerClient(serving, {
    clock,
    logger,
    callOf: (message) => exchangeOf(message as never),
  })
  const register = async (): Promise<void> => {
    const { url, name } = namedFunction(module)
    const routes = await importFunction<FastifyPluginAsync<{ client: RoutesContext['client'] }>>(url, name)
    app.register(async (own) => {
      holdRequests(own, serving, exchangeOf)
      own.addHook('onRoute', (route) => checkPath(route, serving.http!))
      own.register(routes, { client })
    })
    await app.ready()
  }
  try {
    await within(register(), clock)
  } catch (error) {
    if (MillraceError.is(error)) throw withModule(error, module)
    throw new MillraceError('START_FAILED', `http.routes: ${module} ${taken(error) ?? failed(error)}`, {
      cause: error,
    })
  }
}

/** Rejects when registering takes too long: it may wait for something that never happens. */
function within(registered: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(registerMs, () => {
      const what = `has not finished to register its routes within ${registerMs / 1000} s. Its function, and each plugin, must return, resolve its promise, or call done.`
      reject(new MillraceError('START_FAILED', what))
    })
    registered.then(resolve, reject).finally(cancel)
  })
}

function failed(error: unknown): string {
  return `failed: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`
}

/** Errors of loading name the module already. */
function withModule(error: MillraceError, module: string): MillraceError {
  const { code, message } = error
  const what = code === 'START_FAILED' ? `${module} ${message}` : message
  return new MillraceError(code, `http.routes: ${what}`, { cause: error })
}
