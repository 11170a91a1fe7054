import type { LogLines, LogQuestion } from '../control/log-question.js'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { type FlowLog, gatewayLines } from '../observe/flow-log.js'
import type { FlowPlan } from '../plan/flow-plan.js'

/**
 * The lines of a Flow's log that a question asks for.
 *
 * @throws NOT_FOUND for a stage that is not there; INVALID_OPTION for a name that no pod of the stage can have
 */
export function logLines(log: FlowLog, plan: FlowPlan, question: LogQuestion): LogLines {
  const { of, lines, format, colour, time } = question
  if (of !== null) checkName(plan, of)
  const shown = { format: format === 'json' ? 'json' : 'line', style: { colour, time } } as const
  return {
    lines: log.read({ of, lines: lines ?? Number.POSITIVE_INFINITY }, shown),
    follow: (onLine) => log.follow(of, shown, onLine),
  }
}

function checkName({ stages }: FlowPlan, of: string): void {
  const [name = '', ...rest] = of.split('/')
  if (name === gatewayLines && rest.length === 0) return
  const stage = stages.find((one) => one.name === name)
  if (stage === undefined) throw unknownStage(name, [...stages.map((one) => one.name), gatewayLines])
  const shards = stage.part?.shards ?? stage.shards
  const form = shards > 1 ? /^(shard-\d+(\/rep-\d+)?)?$/ : /^(rep-\d+)?$/
  if (form.test(rest.join('/'))) return
  const examples = shards > 1 ? `'${name}/shard-0' or '${name}/shard-0/rep-0'` : `'${name}/rep-0'`
  throw new MillraceError(
    'INVALID_OPTION',
    `No pod is named ${JSON.stringify(of)}. Pods of stage '${name}' are named as in ${examples}.`,
  )
}

function unknownStage(name: string, known: readonly string[]): MillraceError {
  const hint = nearest(name, known)
  const advice = hint === undefined ? `There are ${known.join(', ')}.` : `Did you mean '${hint}'?`
  return new MillraceError('NOT_FOUND', `There is no stage ${JSON.stringify(name)}. ${advice}`)
}
