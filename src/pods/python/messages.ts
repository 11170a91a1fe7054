import type { StartStep } from '../../worker/construct.js'
import type { StartFailure } from '../start-failure.js'

/** The first line for `executor.py`: what to run. */
export interface PythonStart {
  /** Absolute paths; empty with `module`. */
  readonly files: readonly string[]
  readonly module: string | null
  readonly className: string
  /** Jina binds this Unix socket. */
  readonly socketPath: string
  /** `millrace_link.py` binds this one, for requests. */
  readonly requestsPath: string
  /** Options of `jina executor`, by Jina's names. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A further line for `executor.py`. */
export type PythonCommand = { readonly kind: 'stop' } | { readonly kind: 'exit'; readonly code: number }

/** A line from `executor.py`. */
export type PythonEvent =
  | { readonly kind: 'step'; readonly step: StartStep }
  | { readonly kind: 'failed'; readonly failure: StartFailure }

/** Null for a line that is no event, such as one that the death of its process has cut. */
export function parseEvent(line: string): PythonEvent | null {
  try {
    return JSON.parse(line) as PythonEvent
  } catch {
    return null
  }
}
