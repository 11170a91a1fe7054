import { accessSync, constants, realpathSync } from 'node:fs'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import { oldGenerationFlags } from '../../budget/old-generation.js'

/** A program and its arguments. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** Flags of Node that a child must not inherit: what to run, and how to watch or debug it. */
const own =
  /^--?(inspect|e$|eval|p$|print|pe$|c$|check|i$|interactive|test|watch|run|input-type|build-snapshot|cpu-prof|heap-prof)/
const ownWithValue = new Set(['-e', '--eval', '-p', '--print', '-pe'])

/** How to run a module in a child with this Node and its flags (such as `--import tsx`); it ends with its parent. */
export function nodeCommand(modulePath: string): Command {
  return boundToParent(process.execPath, [
    ...inheritedFlags(process.execArgv),
    ...oldGenerationFlags(),
    modulePath,
  ])
}

/**
 * How to run a program so that it ends with its parent.
 *
 * On Linux the child is started through `setpriv --pdeathsig KILL` where available: the kernel kills it with its parent,
 * even when the parent was killed and the child is stuck in a loop and does not notice that its control channel has closed.
 * The signal is sent when the *thread* that spawned the child ends, so pods must be started from the main thread.
 */
export function boundToParent(file: string, args: readonly string[]): Command {
  const setpriv = findSetpriv()
  if (setpriv === null) return { file, args }
  return { file: setpriv, args: ['--pdeathsig', 'KILL', '--', file, ...args] }
}

/** The flags of Node that a child inherits. */
export function inheritedFlags(flags: readonly string[]): string[] {
  return flags.filter((flag, index) => {
    const before = flags[index - 1] ?? ''
    if (ownWithValue.has(before)) return false
    // an argument that is not a flag is the value of the flag before it
    return !own.test(flag.startsWith('-') ? flag : before)
  })
}

let setpriv: string | null | undefined

function findSetpriv(): string | null {
  if (setpriv !== undefined) return setpriv
  const folders = process.platform === 'linux' ? (process.env.PATH ?? '').split(delimiter) : []
  setpriv =
    folders
      .filter(isAbsolute)
      .map((folder) => join(folder, 'setpriv'))
      .find(isUsable) ?? null
  return setpriv
}

/** The setpriv of BusyBox has no `--pdeathsig`. */
function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return basename(realpathSync(path)) !== 'busybox'
  } catch {
    return false
  }
}
