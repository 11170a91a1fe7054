import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface HttpLoad {
  readonly port: number
  /** File of the body, JSON. */
  readonly body: string
  readonly requests: number
  /** Connections kept alive, each with one request at a time. */
  readonly connections: number
}

/**
 * Requests per second of a closed loop of `POST /post` over HTTP/1.1 by h2load, which takes far less CPU than a server.
 *
 * @throws Error when a single request was not answered with 200
 */
export async function httpLoad({ port, body, requests, connections }: HttpLoad): Promise<number> {
  const { stdout } = await run('h2load', [
    ...['--h1', '-n', String(requests), '-c', String(connections), '-d', body],
    ...['-H', 'content-type: application/json', `http://127.0.0.1:${port}/post`],
  ])
  const succeeded = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1])
  const rate = Number(/([\d.]+) req\/s/.exec(stdout)?.[1])
  if (succeeded !== requests || Number.isNaN(rate)) throw new Error(`h2load: ${stdout}`)
  return rate
}
