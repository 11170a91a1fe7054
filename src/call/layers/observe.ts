import type { Handler, Layer } from '../call.js'

/** Told when a request enters and leaves a stage; the result of `began` is handed to `ended`. */
export interface Observer<Mark = unknown> {
  began(...request: Parameters<Handler>): Mark
  ended(mark: Mark, outcome: 'answered' | 'failed'): void
}

/** Metrics and spans hang on here. Nobody watching costs nothing. */
export function observe<Mark>(observer: Observer<Mark> | undefined): Layer {
  if (observer === undefined) return (next) => next
  return (next) => async (request, call) => {
    const mark = observer.began(request, call)
    let outcome: 'answered' | 'failed' = 'failed'
    try {
      const answer = await next(request, call)
      outcome = 'answered'
      return answer
    } finally {
      observer.ended(mark, outcome)
    }
  }
}
