import type { Scaled, ScaleRequest, Served } from '../control/controlled.js'
import type { LogQuestion } from '../control/log-question.js'
import type { FlowStatus } from '../control/status.js'

/** A request that is tried on the page. */
export interface Tried {
  readonly endpoint: string
  /** A Document in JSON (`Document.fromJSON`), a text, or a list of them. */
  readonly documents: unknown
  readonly parameters: Readonly<Record<string, unknown>>
  /** The endpoint yields its documents one by one: there is one document to send. */
  readonly isStream: boolean
}

/** How the lines of a pod are asked for and shown. */
export const outputQuestion = {
  lines: 200,
  follow: false,
  format: 'text',
  colour: false,
  time: true,
} as const

/** The Flow that a page shows: in this program, behind a control socket, or on a platform. */
export interface Watched {
  /** @throws UNAVAILABLE, NOT_FOUND while it cannot be asked; the page shows the message and asks again */
  status(): Promise<FlowStatus>
  /**
   * Resolves after a change of the state of a replica, or earlier; may reject when `signal` aborts. Absent where nobody tells: then the
   * page is late by up to a second.
   */
  changed?(signal: AbortSignal): Promise<void>
  /** @throws UNAVAILABLE */
  served(): Promise<Served>
  /** @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, START_FAILED */
  scale(stage: string, request: ScaleRequest): Promise<Scaled>
  /** Lines that pods printed and logged, oldest first. @throws UNAVAILABLE, NOT_FOUND, FORBIDDEN */
  lines(question: LogQuestion): Promise<readonly string[]>
  /** Sends a request through the Flow; resolves with the answer as JSON text. @throws what clients throw */
  call(tried: Tried): Promise<string>
}
