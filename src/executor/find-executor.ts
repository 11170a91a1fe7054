import { MillraceError } from '../errors.js'
import { type ExecutorClass, isBaseClass, isExecutorClass } from './executor.js'
import type { Exports } from './import-module.js'

/**
 * The Executor that a module exports under a name, else the one whose class has this name (its export may have another
 * name); without a name the default export, else the only Executor.
 */
export function findExecutor(exports: Exports, className: string | null): ExecutorClass | undefined {
  const executors = Object.entries(exports).filter(
    (entry): entry is [string, ExecutorClass] => isExecutorClass(entry[1]) && !isBaseClass(entry[1]),
  )
  const named = executors.find(([name]) => name === (className ?? 'default'))
  if (named !== undefined) return named[1]
  const classes = [...new Set(executors.map(([, Class]) => Class))]
  if (className !== null) return classes.find((Class) => Class.name === className)
  return classes.length === 1 ? classes[0] : undefined
}

/** EXPORT_NOT_FOUND, with a list of the exports. */
export function exportNotFound(exports: Exports, module: string, className: string | null): MillraceError {
  const names = Object.entries(exports).map(([name, value]) =>
    isExecutorClass(value) ? `${name} (an Executor)` : name,
  )
  const has = names.length === 0 ? 'It exports nothing.' : `It exports ${names.join(', ')}.`
  const what =
    className === null
      ? `${module} must export a single Executor, or one as default. ${has} Select one: 'FILE#NAME'.`
      : `${module} exports no Executor '${className}'. ${has} Export the class.`
  return new MillraceError('EXPORT_NOT_FOUND', what)
}
