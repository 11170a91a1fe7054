import { MillraceError } from '../errors.js'

/** The exports of a module by its URL. Rejects with MODULE_NOT_FOUND; what the module itself threw is the cause. */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (error) {
    throw notLoaded(url, error)
  }
}

function notLoaded(url: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const error = new MillraceError('MODULE_NOT_FOUND', `cannot load ${url}: ${reason}`, { cause })
  // the place that matters is where the module failed
  if (cause instanceof Error && cause.stack !== undefined)
    error.stack = `${error.name}: ${error.message}\n${cause.stack}`
  return error
}
