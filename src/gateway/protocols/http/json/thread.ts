import { parentPort } from 'node:worker_threads'
import { placeOf } from '../../../../document/json-place.js'
import { MillraceError } from '../../../../errors.js'
import { convert } from '../../../../wire/json/convert.js'
import { packError } from '../../../control.js'
import { type Job, type Outcome, owned } from './job.js'

/** The entry of the thread that converts large JSON. */

parentPort!.on('message', (job: Job) => {
  const outcome = perform(job)
  parentPort!.postMessage(outcome, outcome.kind === 'done' ? [outcome.bytes.buffer as ArrayBuffer] : [])
})

function perform({ conversion }: Job): Outcome {
  try {
    return { kind: 'done', bytes: owned(convert(conversion)) }
  } catch (thrown) {
    const error = MillraceError.from(thrown)
    return { kind: 'failed', error: packError(error), at: placeOf(error) }
  }
}
