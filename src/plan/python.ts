import { MillraceError } from '../errors.js'
import type { Runtime } from './executor-settings.js'

/** An Executor in Python, which runs on Jina's own runtime. */
export interface PythonSource {
  readonly kind: 'python'
  /** Absolute paths of the files of `py_modules`, which are loaded in this order. Empty with `module`. */
  readonly files: readonly string[]
  /** A module that Python imports by name, from the working directory or an installed package; null with `files`. */
  readonly module: string | null
  readonly className: string
}

/** How `uses` names a class of a module that Python imports. */
export const pythonScheme = 'python:'

const dotted = /^([\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)\.([\p{L}_][\p{L}\p{N}_]*)$/u

/** True for the path of a Python file. */
export function isPythonFile(path: string): boolean {
  return path.endsWith('.py')
}

/** Reads `python:package.module.Class`. @throws INVALID_EXECUTOR */
export function parsePythonUses(uses: string, stage: string): PythonSource {
  const [, module, className] = dotted.exec(uses.slice(pythonScheme.length)) ?? []
  if (module !== undefined && className !== undefined) return { kind: 'python', files: [], module, className }
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `stage '${stage}': uses must name a module and a class of Python, such as 'python:encoder.Encoder', not ${JSON.stringify(uses)}. For a file write { jtype: 'Encoder', py_modules: './encoder.py' }.`,
  )
}

/** The class of a file, as in `./encoder.py#Encoder`. @throws INVALID_EXECUTOR without the name of the class */
export function pythonFile(file: string, className: string | null, stage: string): PythonSource {
  if (className !== null) return { kind: 'python', files: [file], module: null, className }
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `stage '${stage}': uses names a Python file but not a class. Add the class after a #, as in './encoder.py#Encoder'.`,
  )
}

/** The options of a stage that Python restricts. */
interface PythonStage {
  readonly name: string
  readonly runtime: Runtime
  readonly maxConcurrency: number | null
  readonly python: string | null
  readonly usesBefore: unknown
  readonly usesAfter: unknown
  readonly source: { readonly kind: string }
}

/** @throws INVALID_OPTION */
export function checkPythonStage(stage: PythonStage): void {
  const { name, runtime, maxConcurrency, python, source } = stage
  if (source.kind !== 'python') {
    // it is for the Executors before and behind the stage too
    if (python === null || stage.usesBefore !== null || stage.usesAfter !== null) return
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': python is ${JSON.stringify(python)}, but its Executor is not one in Python. Leave python out, or let uses name a Python module: 'python:module.Class'.`,
    )
  }
  if (runtime !== 'process') {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}' is a Python Executor, which runs in processes of its own, not with runtime '${runtime}'. Leave runtime out.`,
    )
  }
  if (maxConcurrency !== null) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}' is a Python Executor: Jina runs its methods one at a time, its async ones together, so maxConcurrency has no meaning there. Leave it out; allowConcurrent: true runs methods in several threads.`,
    )
  }
}

/** The files of an Executor in Python; undefined when its class is in none. `modules`: absolute paths, the last one has the class. */
export function pythonFiles(modules: readonly string[]): readonly string[] | undefined {
  const last = modules.at(-1)
  // modules of the whole Flow may be in both languages: those of the other one are for other stages
  return last !== undefined && isPythonFile(last) ? [...new Set(modules.filter(isPythonFile))] : undefined
}
