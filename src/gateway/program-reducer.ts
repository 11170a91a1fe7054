import type { Deferred } from '../lib/deferred.js'
import { deferred } from '../lib/deferred.js'
import { type Reduced, type Report, unpackError } from './control.js'
import type { ProgramReduce } from './reducers.js'

/** Asks the program that started the Flow to run a `reduce`, through the messages of this thread. */
export function programReducer(report: (message: Report) => void): {
  readonly reduce: ProgramReduce
  hear(answer: Reduced): void
} {
  const open = new Map<number, Deferred<Uint8Array>>()
  let lastId = 0
  return {
    reduce(stage, lists, context) {
      const id = ++lastId
      const answer = deferred<Uint8Array>()
      open.set(id, answer)
      report({ kind: 'reduce', id, stage, lists, context })
      return answer.promise
    },
    hear(answer) {
      const asked = open.get(answer.id)
      open.delete(answer.id)
      if (answer.kind === 'reduced') asked?.resolve(answer.list)
      else asked?.reject(unpackError(answer.error))
    },
  }
}
