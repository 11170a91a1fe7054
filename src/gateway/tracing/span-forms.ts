import type { Span } from '../../observe/names.js'
import { Kept, type SpanForm, spanForm } from '../../observe/tracing/span-form.js'
import { spanKind } from '../../observe/tracing/span-values.js'

/** Requests by protocol, then by endpoint. */
const requests = new Kept(
  (protocol) =>
    new Kept((endpoint) =>
      spanForm(endpoint, spanKind.server, ['millrace.endpoint', endpoint, 'network.protocol.name', protocol]),
    ),
)

const stages = new Kept((stage) => spanForm(`stage ${stage}`, spanKind.internal, ['millrace.stage', stage]))

const shards = new Kept((shard) => spanForm(`shard ${shard}`, spanKind.internal, ['millrace.shard', shard]))

/** The first try at each pod, which nearly all tries are. */
interface FirstTry {
  readonly address: string
  readonly form: SpanForm
}

const firstTries = new Map<string, FirstTry>()

export function formOfRequest(endpoint: string, protocol: string): SpanForm {
  return requests.get(protocol).get(endpoint)
}

/** The form of a span below that of the request. */
export function formOf(span: Exclude<Span, { readonly name: 'request' }>): SpanForm {
  switch (span.name) {
    case 'stage':
      return stages.get(span.stage)
    case 'shard':
      return shards.get(span.shard)
    case 'try':
      return formOfTry(span)
  }
}

function formOfTry({ pod, address, number }: Extract<Span, { readonly name: 'try' }>): SpanForm {
  const known = firstTries.get(pod)
  if (number === 1 && known?.address === address) return known.form
  const attributes = ['millrace.pod', pod, 'server.address', address, 'millrace.try', number]
  const form = spanForm(`try ${pod}`, spanKind.client, attributes)
  if (number === 1) firstTries.set(pod, { address, form })
  return form
}
