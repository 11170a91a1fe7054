import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { MillraceError } from '../../errors.js'

/** Where to look for Python. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

/**
 * Absolute path of the interpreter for Executors in Python: the option `python` (a path, or a name in PATH), else that of
 * `VIRTUAL_ENV`, else `.venv` in the working directory, else `python3` in PATH. Links are not followed: an environment knows its
 * packages by the path of its interpreter.
 *
 * @param option the option `python`, or null
 * @param owner subject of the message: `stage 'encoder'`
 * @throws INVALID_OPTION for an option that names no program, MODULE_NOT_FOUND when there is no Python
 */
export function findInterpreter(option: string | null, owner: string, at: Surroundings): string {
  const { env, cwd } = at
  if (option !== null) {
    const isPath = option.includes('/')
    const found = isPath ? programAt(path.resolve(cwd, option)) : inPath(option, env)
    if (found !== null) return found
    const where = isPath ? `there is no program ${path.resolve(cwd, option)}` : 'no folder of PATH has it'
    throw new MillraceError(
      'INVALID_OPTION',
      `${owner}: python is ${JSON.stringify(option)}, and ${where}. Name the interpreter of an environment, such as '.venv/bin/python', or leave it out.`,
    )
  }
  const { VIRTUAL_ENV } = env
  const active = VIRTUAL_ENV === undefined || VIRTUAL_ENV === '' ? null : programAt(inside(VIRTUAL_ENV))
  const found = active ?? programAt(inside(path.join(cwd, '.venv'))) ?? inPath('python3', env)
  if (found !== null) return found
  throw new MillraceError(
    'MODULE_NOT_FOUND',
    `${owner} is a Python Executor, and there is no Python: VIRTUAL_ENV names none, there is no ${inside('.venv')} in ${cwd}, and no folder of PATH has python3. Set python to the path of an interpreter.`,
  )
}

/** The interpreter of an environment. */
function inside(environment: string): string {
  return path.join(environment, 'bin', 'python')
}

function inPath(name: string, { PATH = '' }: Surroundings['env']): string | null {
  const folders = PATH.split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  return folders.map((folder) => programAt(path.join(folder, name))).find((file) => file !== null) ?? null
}

function programAt(file: string): string | null {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile() ? file : null
  } catch {
    return null
  }
}
