import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'

import type { Load } from './ghz.js'

const run = promisify(execFile)

const METHOD = '/jina.JinaSingleDataRequestRPC/process_single_data'

export interface DenseLoad extends Omit<Load, 'inFlight'> {
  readonly connections: number
  /** In flight on each connection. */
  readonly streams: number
}

/**
 * Requests per second of a closed loop of unary calls by h2load, which takes far less CPU than ghz.
 *
 * @throws Error when a single request was not answered with 200
 */
export async function h2load({ port, request, requests, connections, streams }: DenseLoad): Promise<number> {
  const { stdout } = await run('h2load', [
    ...['-n', String(requests), '-c', String(connections), '-m', String(streams), '-d', bodyOf(request)],
    ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
    `http://127.0.0.1:${port}${METHOD}`,
  ])
  const succeeded = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1])
  const rate = Number(/([\d.]+) req\/s/.exec(stdout)?.[1])
  if (succeeded !== requests || Number.isNaN(rate)) throw new Error(`h2load: ${stdout}`)
  return rate
}

/** The message with the prefix of gRPC: not compressed, and its length. */
function bodyOf(request: string): string {
  const message = readFileSync(request)
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  const file = request.replace(/\.bin$/, '.grpc')
  writeFileSync(file, Buffer.concat([prefix, message]))
  return file
}
