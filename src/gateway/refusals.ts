import { MillraceError } from '../errors.js'

/** None of the pods of a stage has described itself yet, and the answer depends on what they serve. */
export function undescribed(stage: string): MillraceError {
  return new MillraceError(
    'UNAVAILABLE',
    `Stage ${stage} has not said yet what it serves: its pods are still starting. Send the request again.`,
    { notRun: true },
  )
}
