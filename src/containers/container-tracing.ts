import { MillraceError } from '../errors.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import { tracingOption } from '../plan/tracing.js'

/**
 * `tracing` of a gateway's container: what differs from the default.
 *
 * @throws UNSUPPORTED for headers, which may be keys: a configuration file is no place for them.
 */
export function containerTracing(tracing: TracingRules): true | Partial<TracingRules> {
  if (Object.keys(tracing.headers).length > 0)
    throw new MillraceError(
      'UNSUPPORTED',
      'Flow: tracing.headers would be written into the configuration of containers. Leave them out, and set OTEL_EXPORTER_OTLP_HEADERS in the environment of the containers (envFromSecret).',
    )
  const preset = tracingOption.parse(true)!
  const changed = Object.entries(tracing).filter(
    ([name, value]) => name !== 'headers' && value !== preset[name as keyof TracingRules],
  )
  return changed.length === 0 ? true : (Object.fromEntries(changed) as Partial<TracingRules>)
}

/** `tracing` of an Executor's container, which continues traces of the gateway and begins none. */
export function executorTracing(tracing: TracingRules): Partial<TracingRules> {
  const given = containerTracing(tracing)
  return { ...(given === true ? {} : given), samplingRatio: 0 }
}
