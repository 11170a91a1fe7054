import { MillraceError } from '../errors.js'
import { importModule } from '../executor/import-module.js'

/**
 * A function that a module exports: the one of that name, else its default export.
 *
 * Rejects with MODULE_NOT_FOUND, or with EXPORT_NOT_FOUND and what there is.
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
