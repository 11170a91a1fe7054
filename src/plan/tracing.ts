import { MillraceError } from '../errors.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import type { Option } from './option.js'
import { group, hostName, integer, optional, orTrue, share, textMap } from './option-kinds.js'

const url: Option<string | null> = {
  expected: 'the URL of a collector for traces, such as http://collector:4318/v1/traces, or null',
  preset: null,
  parse: (value) => (value === null || (typeof value === 'string' && isHttp(value)) ? value : undefined),
}

/** `tracing` of a Flow. Its headers may be keys, so that no message shows a value. */
export const tracingOption: Option<TracingRules | null> = {
  ...orTrue(
    group<TracingRules>(
      {
        endpoint: url,
        host: optional(hostName('localhost')),
        port: integer(4318, 1, 65_535),
        headers: textMap(),
        samplingRatio: share(1),
      },
      '{ endpoint, host, port, headers, samplingRatio }, with endpoint the URL of a collector and samplingRatio from 0 to 1',
    ),
  ),
  isSecret: true,
}

/** @throws INVALID_OPTION */
export function checkTracing({ tracing }: { readonly tracing: TracingRules | null }): void {
  if (tracing === null || tracing.endpoint === null || tracing.host === null) return
  throw new MillraceError(
    'INVALID_OPTION',
    'Flow: tracing has endpoint and host, which both say where the collector is. Leave one out.',
  )
}

function isHttp(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}
