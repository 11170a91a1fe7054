import { type Clock, systemClock } from '../../lib/clock.js'
import { resourceAttributes, type ServiceNames } from './resource.js'
import { otlpSender } from './send-spans.js'
import { SpanQueue } from './span-queue.js'
import type { TracingRules } from './tracing-rules.js'

/** Opens the way of the spans of one pod, or of a gateway, to the collector. Rejects with MODULE_NOT_FOUND. */
export async function openSpans(
  rules: TracingRules,
  {
    names,
    say,
    clock = systemClock,
  }: { readonly names: ServiceNames; readonly say: (sentence: string) => void; readonly clock?: Clock },
): Promise<SpanQueue> {
  const resource = resourceAttributes(names, process.env)
  const sender = await otlpSender(rules, { resource, scope: 'millrace' })
  return new SpanQueue(sender, { clock, say })
}
