import type { Call } from '../call/call.js'
import { DocumentArray } from '../document/index.js'
import { decodeDocList, readDocuments, writeDocList } from '../document/v2/index.js'
import { MillraceError } from '../errors.js'
import { describeValue } from '../executor/describe-value.js'
import { inSlices } from '../lib/slices.js'
import type { DataRequest } from '../wire/data-request.js'
import { mergeChanges } from '../wire/lists/changes.js'
import { versionOfLists } from '../wire/lists/formats.js'
import { concatenate, countDocuments } from '../wire/lists/list.js'
import { mergeLists } from '../wire/lists/merge.js'
import type { Ranking } from '../wire/lists/ranking.js'
import { resultsIn, withResults } from '../wire/results.js'
import { objectIn, scalarOf, valueIn } from '../wire/struct-reader.js'

/** Answers of several shards or branches to one request, in their order. */
export interface Answers {
  readonly request: DataRequest
  readonly call: Call
  readonly answers: readonly DataRequest[]
  /** Names of the shards or stages that sent the answers. */
  readonly from: readonly string[]
  /** For a join that keeps changes: what its branches began with. */
  readonly base?: Base | undefined
}

/** What several branches began with: the request, or the answer of the last stage that all of them come from. */
export interface Base {
  readonly request: DataRequest
  /** For each branch, whether it has no condition (`when`), so that it removed the documents that it lacks. */
  readonly isWhole: readonly boolean[]
}

/** Merges several answers into one. */
export type Reduce = (answers: Answers) => DataRequest | Promise<DataRequest>

/** Context of a user's reduce function. */
export interface ReduceContext {
  readonly endpoint: string
  /** Parameters of the request for this stage. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Names of the shards, or at a join of the stages that it needs; one for each array. */
  readonly shards: readonly string[]
}

/**
 * Merges the arrays of several shards into one. Documents of DocArray v2 are Documents here (docs/types.md). It owns the arrays: it may change them, and return one of them.
 *
 * @example
 * export function best(answers: readonly DocumentArray[]) {
 *   return answers.reduce((longest, docs) => (docs.length > longest.length ? docs : longest))
 * }
 */
export type ReduceFunction = (
  answers: readonly DocumentArray[],
  context: ReduceContext,
) => DocumentArray | Promise<DocumentArray>

/** A reduce function on encoded lists (DocumentArrayProto). */
export type ListReduce = (
  lists: readonly Uint8Array[],
  context: ReduceContext,
) => Uint8Array | Promise<Uint8Array>

/**
 * Merges documents with the same id into one, with the matches of all shards in score order, cut to the limit of the request.
 * `executor` is the name under which parameters may be addressed to the Executor.
 */
export function merging(ranking: () => Ranking, executor: () => string = () => ''): Reduce {
  return async (given) => {
    const { request, call } = given
    const preset = ranking()
    const limit = limitOf(request.parameterBytes, executor()) ?? preset.limit
    const merged = mergeLists(lists(given), { ...preset, limit }, request.list)
    return answerOf(given, await inSlices(merged, call))
  }
}

/** Concatenates the documents of all shards, and records which part came from which shard. */
export const concatenating: Reduce = (given) => {
  const all = lists(given)
  const answer = answerOf(given, concatenate(all))
  answer.parts = all.map((list, index) => ({ from: given.from[index]!, count: countDocuments(list) }))
  return answer
}

/**
 * Merges the answers of branches: documents with the same id become one, which takes from later branches what it lacks;
 * matches keep their order (DocArray's `reduce`). Branches without any stage for the request pass one and the same answer on,
 * and then nothing is merged.
 */
export const joining: Reduce = async (given) => {
  const { request, answers, call } = given
  const [first] = answers
  if (first !== undefined && answers.every((answer) => answer === first)) return first
  return answerOf(given, await inSlices(mergeLists(lists(given), null, request.list), call))
}

/** Merges the answers of branches: what one of them changed counts, and not what the others left alone (`mergeChanges`). */
export const joiningChanges: Reduce = async (given) => {
  const { answers, call, base } = given
  const [first] = answers
  if (first === undefined || base === undefined || answers.every((answer) => answer === first))
    return joining(given)
  const branches = lists(given).map((list, index) => ({ list, isWhole: base.isWhole[index] ?? true }))
  const merged = mergeChanges(base.request.list ?? new Uint8Array(), branches)
  return answerOf(given, await inSlices(merged, call))
}

/** Adapts a function that reduces encoded lists. */
export function reducingWith(reduce: ListReduce): Reduce {
  return async (given) => {
    const { request, from } = given
    const parameters = { ...request.readParameters() }
    const list = await reduce(lists(given), { endpoint: request.endpoint, parameters, shards: from })
    return answerOf(given, [inFormat(list, given)])
  }
}

/** The documents that a function made of nothing, in the format that was asked. */
function inFormat(list: Uint8Array, { answers }: Answers): Uint8Array {
  if (!answers.some(({ saysV2 }) => saysV2) || versionOfLists([list]) !== 'v1') return list
  return writeDocList(DocumentArray.fromProtobuf(list))
}

/** Adapts a user's reduce function on DocumentArrays to encoded lists. */
export function onDocuments(reduce: ReduceFunction): ListReduce {
  return async (given, context) => {
    const isV2 = versionOfLists(given) === 'v2'
    const arrays = given.map((list, index) =>
      isV2
        ? readDocuments(decodeDocList(list), context.shards[index] ?? 'documents')
        : DocumentArray.fromProtobuf(list),
    )
    const docs: unknown = await reduce(arrays, context)
    if (isV2 && docs instanceof DocumentArray) return writeDocList(docs)
    // not only instanceof: the user's module may have another copy of the package
    if (typeof docs === 'object' && docs !== null && 'toProtobuf' in docs) {
      const bytes = (docs as DocumentArray).toProtobuf()
      return isV2 ? writeDocList(DocumentArray.fromProtobuf(bytes)) : bytes
    }
    throw new MillraceError(
      'INVALID_RESULT',
      `The reduce of a stage must give a DocumentArray, not ${describeValue(docs)}.`,
    )
  }
}

/** The first answer with other documents, and with the results of all answers. */
export function answerOf({ answers }: Answers, list: readonly Uint8Array[]): DataRequest {
  const answer = answers[0]!.withList(list)
  const results = answers.flatMap(({ parameterBytes }) => (parameterBytes && resultsIn(parameterBytes)) ?? [])
  if (results.length > 0) answer.parameterBytes = withResults(answer.parameterBytes, results)
  return answer
}

function lists({ answers }: Answers): Uint8Array[] {
  return answers.map(({ list }) => list ?? new Uint8Array())
}

/**
 * The number of matches that the request asks for; undefined when it does not say. A limit addressed to the Executor takes
 * precedence.
 */
function limitOf(parameters: Uint8Array | undefined, executor: string): number | undefined {
  if (parameters === undefined) return undefined
  const own = objectIn(parameters, executor)
  const value = (own && valueIn(own, 'limit')) ?? valueIn(parameters, 'limit')
  const limit = value && scalarOf(value)
  return typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 ? limit : undefined
}
