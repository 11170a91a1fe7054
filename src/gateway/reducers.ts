import type { Description } from '../call/call.js'
import { MillraceError } from '../errors.js'
import {
  concatenating,
  joining,
  joiningChanges,
  type ListReduce,
  merging,
  onDocuments,
  type Reduce,
  reducingWith,
  type ReduceFunction,
} from '../shards/reduce.js'
import { isUnranked, type Ranking } from '../wire/lists/ranking.js'
import { importFunction } from './import-function.js'
import { undescribed } from './refusals.js'
import type { StageSpec } from './spec.js'

/** Runs the reduce of a stage in the program that started the Flow. */
export type ProgramReduce = (stage: string, ...given: Parameters<ListReduce>) => Promise<Uint8Array>

export interface ReducerTools {
  /** Runs the reduce of a stage in the program that started the Flow. */
  readonly reduceInProgram?: ProgramReduce
  /** Whether a stage serves an endpoint, or may; undefined while it has not described itself. */
  serves(stage: string, endpoint: string): boolean | undefined
}

type Described = Pick<Description, 'executor' | 'ranking'>

/** How the answers of the shards of one stage are merged, and those of the branches that it joins. */
export class Reducers {
  /** How the answers of several branches become the request of the stage. */
  readonly join: Reduce
  /** Whether it also changes the answer of a single shard. */
  readonly cuts: boolean
  readonly #spec: StageSpec
  readonly #tools: ReducerTools
  readonly #own: Reduce
  #imported: ListReduce | undefined

  /** `described`: the current description of the stage's Executor. */
  constructor(spec: StageSpec, tools: ReducerTools, described: () => Described) {
    const { reduce } = spec
    this.#spec = spec
    this.#tools = tools
    this.cuts = reduce.kind === 'merge' && reduce.ranking.limit !== null
    this.#own = this.#create(described)
    this.join = reduce.kind === 'merge' ? joinOf(reduce.ranking) : this.#own
  }

  /**
   * The reduce for an endpoint. Answers that no later stage gathers must be merged here. The description of that later stage
   * decides, so this throws UNAVAILABLE before there is one.
   */
  readonly of = (endpoint: string): Reduce => {
    const { gatheredBy } = this.#spec
    if (gatheredBy === null) return this.#own
    const isGathered = this.#tools.serves(gatheredBy, endpoint)
    if (isGathered === undefined) throw undescribed(gatheredBy)
    return isGathered ? concatenating : this.#own
  }

  /** Imports the module of the reduce function. Rejects with MODULE_NOT_FOUND or EXPORT_NOT_FOUND. */
  async open(): Promise<void> {
    const { name, reduce } = this.#spec
    if (reduce.kind !== 'module') return
    try {
      this.#imported = onDocuments(await importFunction<ReduceFunction>(reduce.url, reduce.name))
    } catch (error) {
      throw MillraceError.from(error).at({ deployment: name })
    }
  }

  #create(described: () => Described): Reduce {
    const { name, reduce } = this.#spec
    switch (reduce.kind) {
      case 'merge':
        return merging(
          () => rankingOf(reduce.ranking, described().ranking ?? {}),
          () => described().executor ?? '',
        )
      case 'concatenate':
        return concatenating
      case 'changes':
        return joiningChanges
      case 'module':
        return reducingWith((...given) => this.#imported!(...given))
      case 'program':
        return reducingWith((...given) => this.#tools.reduceInProgram!(name, ...given))
    }
  }
}

/** Without options for them, matches of several branches keep their order, as in Jina. */
function joinOf(ranking: Ranking): Reduce {
  return isUnranked(ranking) ? joining : merging(() => ranking)
}

/** The ranking: the stage's options, else what the Executor declares. */
function rankingOf(stage: Ranking, { limit = null, by = null, order = null }: Partial<Ranking>): Ranking {
  return { limit: stage.limit ?? limit, by: stage.by ?? by, order: stage.order ?? order }
}
