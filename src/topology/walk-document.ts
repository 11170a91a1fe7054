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
    if (targetExecutor !== '') request.targetExecutor = ''
    const visited = stages.filter((stage) => !stage.passThrough && visits(stage, endpoint, chosen))
    return through(visited, 0, request, call)
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
  const { parameters } = request
  if (areSpecific(parameters, [stage.name])) request.parameters = parametersFor(stage.name, parameters)
  for await (const answer of stage.stream(request, call)) {
    if (index + 1 < stages.length) answer.parameters = parameters
    yield* through(stages, index + 1, answer, call)
  }
}
