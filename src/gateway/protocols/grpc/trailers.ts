import { sumCoverage } from '../../../wire/coverage.js'
import { coverageIn } from '../../../wire/coverage-bytes.js'
import type { DataRequest } from '../../../wire/data-request.js'
import { noTrailers, type Trailers } from './method.js'

const isError: Trailers = { 'is-error': 'true' }

/**
 * Jina's metadata about an answer (jina.md 3.5): `is-error` when an executor failed, and how many shards were asked and how
 * many of them failed.
 */
export function trailersOf(answer: DataRequest): Trailers {
  const shards = new ShardCount()
  shards.add(answer)
  const failure = answer.status?.code === 'ERROR' ? isError : noTrailers
  return shards.trailers === noTrailers ? failure : { ...failure, ...shards.trailers }
}

/** Counts the shards in all answers of a call. */
export class ShardCount {
  #asked = 0
  #failed = 0

  add(answer: DataRequest): void {
    const { parameterBytes } = answer
    const coverages = parameterBytes && coverageIn(parameterBytes)
    if (coverages === undefined) return
    const { ok, failed } = sumCoverage(coverages)
    this.#asked += ok + failed
    this.#failed += failed
  }

  get trailers(): Trailers {
    if (this.#asked === 0) return noTrailers
    return { total_shards: String(this.#asked), failed_shards: String(this.#failed) }
  }
}
