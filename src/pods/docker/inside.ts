/**
 * Protocol between a Flow and Millrace in one of its containers: an environment variable at the start, then JSON lines:
 * events on standard error, and commands on standard input. Other programs ignore it.
 */
import type { Holder } from '../../workspace/holder.js'
import type { Fault } from '../fault.js'
import type { StartFailure } from '../start-failure.js'

/** Holds an `Inside` as JSON. */
export const insideVariable = 'MILLRACE_POD'

/** Identifies a container as a pod of a Flow. */
export interface Inside {
  /** Random prefix of each event line, so that output of an Executor is never taken for an event. */
  readonly mark: string
  readonly replica: number
  readonly replicas: number
  /** The Flow that locks the workspace. */
  readonly holder: Holder | null
}

/** An event from a container, as a line of its standard error. */
export type PodEvent =
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  /** Its Executor's process has exited, and so will the container. */
  | { readonly kind: 'ended'; readonly reason: string }

/** A command to a container, as a line of its standard input. End of input means that the Flow's program has exited. */
export type PodCommand =
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** Sent before it is stopped: no other pod uses its workspace. */
  | { readonly kind: 'last' }

/** Reads the environment; null outside a Flow's container. */
export function readInside(env: NodeJS.ProcessEnv): Inside | null {
  const text = env[insideVariable]
  try {
    return text === undefined ? null : (JSON.parse(text) as Inside)
  } catch {
    return null // the variable has another meaning here
  }
}

/** Formats an event as a line, without the line feed. */
export function eventLine(mark: string, event: PodEvent): string {
  return `${mark} ${JSON.stringify(event)}`
}

/** Null for output of the Executor. */
export function parseEvent(mark: string, line: string): PodEvent | null {
  if (!line.startsWith(`${mark} `)) return null
  try {
    return JSON.parse(line.slice(mark.length + 1)) as PodEvent
  } catch {
    return null // a truncated line
  }
}
