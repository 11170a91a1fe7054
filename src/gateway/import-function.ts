import { pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import { importModule } from '../executor/import-module.js'

/**
 * Imports a function from a module: the export of that name, or the default export when the name is null.
 *
 * Rejects with MODULE_NOT_FOUND, or with EXPORT_NOT_FOUND and the names that the module exports.
 */
export async function importFunction<F>(url: string, name: string | null): Promise<F> {
  const module = await importModule(url)
  const wanted = name ?? 'default'
  const found = Object.hasOwn(module, wanted) ? module[wanted] : undefined
  if (typeof found === 'function') return found as F
  const names = Object.keys(module).join(', ') || 'nothing'
  throw new MillraceError(
    'EXPORT_NOT_FOUND',
    `${url} must export a function '${wanted}'; it exports ${names}.`,
  )
}

/** Splits `/path/module.js#name` into the URL of the module and the name of its export, null for the default export. */
export function namedFunction(module: string): { readonly url: string; readonly name: string | null } {
  const [file = '', name = null] = module.split('#', 2)
  return { url: pathToFileURL(file).href, name }
}
