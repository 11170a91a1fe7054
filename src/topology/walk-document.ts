import type { Call, StreamHandler } from '../call/call.js'
import type { SingleDocumentRequest } from '../wire/single-document-request.js'
import { areSpecific, parametersFor } from './parameters.js'
import { type Stage, visits } from './stage.js'
import type { Targets } from './targets.js'

/**
 * The streaming twin of `walk`: one document in; what a stage yields goes through the next one, document by document.
 * A document with status ERROR goes out as it is.
 */
export function walkDocument(stages: readonly Stage[], targets: Targets): StreamHandler {
  return (request, call) => {
    const { endpoint, targetExecutor } = request
    const chosen = targetExecutor === '' ? undefined : targets.match(targetExecutor)
    const visited = stages.filter((stage) => !stage.passThrough && visits(stage, endpoint, chosen))
    const own = request.answer()
    own.targetExecutor = ''
    return through(visited, 0, own, call)
  }
}

async function* through(
  stages: readonly Stage[],
  index: number,
  request: SingleDocumentRequest,
  call: Call,
): AsyncGenerator<SingleDocumentRequest> {
  const stage = stages[index]
  if (stage === undefined || request.status?.code === 'ERROR') {
    yield request
    return
  }
  const { parameterBytes: parameters } = request
  const own = request.answer()
  if (parameters !== undefined && areSpecific(parameters, new Set([stage.name])))
    own.parameterBytes = parametersFor(stage.name, parameters)
  for await (const answer of stage.stream(own, call)) {
    if (index + 1 < stages.length) answer.parameterBytes = parameters
    yield* through(stages, index + 1, answer, call)
  }
}
