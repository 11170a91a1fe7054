import { PassThrough } from 'node:stream'
import { readLines } from '../observe/lines.js'
import type { Engine } from './engine.js'
import { dockerFailure, isConflict, isNotFound } from './failure.js'

/** Which lines of a container's output are read. */
export interface OutputOptions {
  /** The largest number of earlier lines; null for all. */
  readonly tail: number | null
  /** From this time on, in seconds since the epoch with up to nine decimals; null for all. */
  readonly since: string | null
  /** Whether later lines follow, until the container exits. */
  readonly follow: boolean
  /** Ends the reading, without an error. */
  readonly signal: AbortSignal
}

/**
 * Calls `onLine` for each line that a container has printed, with its time (RFC 3339 with nanoseconds, UTC) and a space in
 * front. Resolves after the last one; without any when the container does not exist.
 *
 * @throws UNAVAILABLE
 */
export async function readOutput(
  engine: Engine,
  id: string,
  options: OutputOptions,
  onLine: (line: string) => void,
): Promise<void> {
  const { signal } = options
  if (signal.aborted) return
  try {
    const stream = await open(engine, id, options)
    const [out, err] = [new PassThrough(), new PassThrough()]
    const read = Promise.all([readLines(out, onLine), readLines(err, onLine)])
    engine.docker.modem.demuxStream(stream, out, err)
    // the output also ends when the engine goes away
    for (const event of ['end', 'close', 'error']) {
      stream.once(event, () => {
        out.end()
        err.end()
      })
    }
    await read
  } catch (error) {
    if (signal.aborted || isNotFound(error) || isConflict(error)) return
    throw dockerFailure(error, 'Cannot read the output of a container')
  }
}

/** As a stream in any case: without `follow`, dockerode would read the output as one text. */
function open(
  { docker }: Engine,
  id: string,
  { tail, since, follow, signal }: OutputOptions,
): Promise<NodeJS.ReadableStream> {
  const query = {
    ...{ stdout: true, stderr: true, timestamps: true, follow },
    ...(tail !== null && { tail }),
    ...(since !== null && { since }),
  }
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        ...{ path: `/containers/${id}/logs?`, method: 'GET', isStream: true, abortSignal: signal },
        ...{ options: query, statusCodes: { 200: true, 404: 'no such container', 500: 'server error' } },
      },
      (error, stream) => {
        if (error) reject(error)
        else resolve(stream as NodeJS.ReadableStream)
      },
    )
  })
}
