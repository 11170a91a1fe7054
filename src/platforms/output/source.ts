/** Which lines of a container are read. */
export interface SourceQuestion {
  /** The largest number of earlier lines; null for all. */
  readonly tail: number | null
  /** Only lines from this time on, as `TimedLine.stamp` has it. Platforms may round it down. */
  readonly since: string | null
  /** Whether later lines follow, until the container exits. */
  readonly follow: boolean
  /** Ends the reading, without an error. */
  readonly signal: AbortSignal
}

/** A container of a Flow, whose output the platform keeps. */
export interface OutputSource {
  /** As `millrace ps` names the pod. */
  readonly name: string
  /** Null for the gateway. */
  readonly stage: string | null
  readonly shard: number
  /** Whether it may print more. */
  readonly isRunning: boolean
  /**
   * Calls `onLine` for each line, which begins with its time (RFC 3339) and a space. Resolves after the last one; without any
   * when the container is gone or has not started.
   *
   * @throws FORBIDDEN, UNAVAILABLE
   */
  read(question: SourceQuestion, onLine: (line: string) => void): Promise<void>
}

/** The output of a Flow on a platform. */
export interface FlowOutput {
  /** Its containers at the moment, also those that have exited; none when the Flow was removed. @throws FORBIDDEN, UNAVAILABLE */
  sources(): Promise<readonly OutputSource[]>
  /** Closes the connections to the platform. */
  close(): void
}
