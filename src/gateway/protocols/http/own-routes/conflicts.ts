import type { RouteOptions } from 'fastify'
import { MillraceError } from '../../../../errors.js'
import type { HttpRules } from '../../../http-rules.js'
import { crud } from '../endpoints.js'

/**
 * Refuses a route with a method and path that would replace one of the endpoints whose paths are known before Executors say what
 * they serve: Jina's CRUD routes, and those of `expose`. (Fastify itself refuses Millrace's other routes.)
 *
 * @throws MillraceError START_FAILED
 */
export function checkPath({ method, url }: Pick<RouteOptions, 'method' | 'url'>, rules: HttpRules): void {
  const methods: readonly string[] = typeof method === 'string' ? [method] : method
  for (const name of methods) {
    const isCrud = rules.crudEndpoints && crud.has(url) && (name === 'POST' || crud.get(url)!.includes(name))
    if (isCrud) {
      throw conflict(
        `${name} ${url}`,
        'one of Jina’s routes. Set http.crudEndpoints to false, or give yours another path',
      )
    }
    const exposed = Object.values(rules.expose)
    if (exposed.some((route) => route.path === url && route.methods.some((one) => one === name))) {
      throw conflict(`${name} ${url}`, 'in http.expose. Give one of the two another path')
    }
  }
}

/** What is wrong with a route that Fastify has refused because Millrace has it; undefined for other errors. */
export function taken(error: unknown): string | undefined {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  if (code === 'FST_ERR_DUPLICATED_ROUTE') {
    const [, method, url] = /'(\S+)' already declared for route '(\S+)'/.exec(message ?? '') ?? []
    if (url === '/*') {
      return `registers ${method} /*, where the Flow's endpoints are. Give the route or plugin a prefix, such as /app/.`
    }
    return `registers ${method} ${url}, which is a route of Millrace's or was registered before. Give it another path, such as /app${url}.`
  }
  if (/Not found handler already set/i.test(message ?? '')) {
    return `sets a handler for what is not found, which Millrace has. Set it in a plugin with a prefix: app.register(plugin, { prefix: '/app' }).`
  }
  return undefined
}

function conflict(route: string, why: string): MillraceError {
  return new MillraceError('START_FAILED', `registers ${route}, which is ${why}.`)
}
