/**
 * What is said between a Flow and the Millrace in a container of its own: at the start by an environment variable, then on
 * standard error and standard input, in lines. Containers that do not know it run without.
 */
import type { Holder } from '../../workspace/holder.js'
import type { Fault } from '../fault.js'
import type { StartFailure } from '../start-failure.js'

/** Has an `Inside` as JSON. */
export const insideVariable = 'MILLRACE_POD'

/** Which pod of which Flow a container is. */
export interface Inside {
  /** Before each word, so that nothing an Executor prints is taken for one. */
  readonly mark: string
  readonly replica: number
  readonly replicas: number
  /** The Flow that locks the workspace. */
  readonly holder: Holder | null
}

/** From a container, a line of its standard error. */
export type Word =
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  /** Its Executor's process has, and so will it. */
  | { readonly kind: 'ended'; readonly reason: string }

/** To a container, a line of its standard input; its end says that the Flow's program has ended. */
export type Order =
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** Told before it is stopped: no other pod uses its workspace any more. */
  | { readonly kind: 'last' }

/** What the environment says; null outside of a Flow's container. */
export function readInside(env: NodeJS.ProcessEnv): Inside | null {
  const text = env[insideVariable]
  try {
    return text === undefined ? null : (JSON.parse(text) as Inside)
  } catch {
    return null // somebody else's variable
  }
}

export function lineOf(mark: string, word: Word): string {
  return `${mark} ${JSON.stringify(word)}`
}

/** Null for a line of the Executor's. */
export function parseWord(mark: string, line: string): Word | null {
  if (!line.startsWith(`${mark} `)) return null
  try {
    return JSON.parse(line.slice(mark.length + 1)) as Word
  } catch {
    return null // it was cut
  }
}
