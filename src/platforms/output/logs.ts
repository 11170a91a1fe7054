import { holdProcess } from '../../client-core/hold-process.js'
import type { LogQuestion } from '../../control/log-question.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import { containerLine } from '../../observe/container-line.js'
import type { PodLog } from '../../observe/pod-line.js'
import { checkChoice, chooseSources } from './choose-sources.js'
import { earlierLines, type SourceLine } from './earlier-lines.js'
import { laterLines } from './later-lines.js'
import { LineQueue } from './line-queue.js'
import type { FlowOutput } from './source.js'
import { timeOf } from './timed-line.js'

/**
 * The lines of a Flow's containers that a question asks for, as text of whole lines. With `follow` it ends when the Flow was
 * removed.
 *
 * @throws NOT_FOUND when the Flow has no such stage, shard or pod; FORBIDDEN, UNAVAILABLE
 */
export async function* logsOf(
  output: FlowOutput,
  question: LogQuestion,
  clock: Clock = systemClock,
): AsyncGenerator<string, void, undefined> {
  const { of, lines, follow } = question
  const stopped = new AbortController()
  const { signal } = stopped
  const written = writer(question)
  let release = (): void => {}
  try {
    const sources = await output.sources()
    checkChoice(sources, of)
    // of what is followed all, so that none of them comes again
    const earlier = await earlierLines(chooseSources(sources, of), follow ? null : lines, signal)
    const shown = lines === null ? earlier : earlier.slice(Math.max(0, earlier.length - lines))
    if (shown.length > 0) yield `${shown.map(written).join('\n')}\n`
    if (!follow) return
    release = holdProcess() // between two looks there may be no connection
    const queue = new LineQueue()
    laterLines(output, { of, earlier, signal, clock }, (line) => queue.push(written(line))).then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    )
    yield* queue
  } finally {
    stopped.abort()
    release()
  }
}

function writer({ format, colour, time }: LogQuestion): (line: SourceLine) => string {
  const log: PodLog = { format: format === 'json' ? 'json' : 'line', style: { colour, time } }
  return ({ source: { name }, stamp, text }) => containerLine({ name, time: timeOf(stamp), text }, log)
}
