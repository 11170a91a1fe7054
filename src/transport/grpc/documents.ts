import { Branch } from '../../call/branch.js'
import type { Call } from '../../call/call.js'
import type { DocArrayVersion } from '../../document/list-version.js'
import { type Kept, keepNothing, listAsV1, listAsV2 } from '../../document/v2/index.js'
import { MillraceError } from '../../errors.js'
import { inSlices } from '../../lib/slices.js'
import type { DataRequest } from '../../wire/data-request.js'
import { refusalStatus } from '../../wire/refusal.js'
import { versionOf } from '../../wire/version.js'

/** What is known of the documents of a peer that speaks one format only. */
export interface PeerDocuments {
  readonly docarray: DocArrayVersion
  /** The fields of the documents that an endpoint takes; empty where they are not known. */
  fieldNames(endpoint: string): ReadonlySet<string>
  readonly address: string
}

type Send = (request: DataRequest, call: Call) => Promise<DataRequest>

/**
 * The format that a client asks for: that of the documents it sends. Without documents it may say so in its metadata, and the client of
 * the Flow itself reads v1. Else undefined.
 */
export function askedFormat(request: DataRequest, { headers, sender }: Call): DocArrayVersion | undefined {
  const known = formatOf(request)
  if (known !== undefined) return known
  const { docarray } = headers
  return docarray === 'v1' || (docarray === undefined && sender?.protocol === 'local') ? 'v1' : undefined
}

/** The format of documents; undefined if there are none, and for those that cannot be read, which the peer refuses. */
function formatOf(request: DataRequest): DocArrayVersion | undefined {
  try {
    // documents that were decoded are of v1
    const isDecoded = request.data === undefined && request.peekDocCount(1) > 0
    return isDecoded ? 'v1' : versionOf(request)
  } catch {
    return undefined
  }
}

/**
 * Sends a request whose documents, if it has any, are of `asked` to a peer that speaks only the other format, and gives its answers in `asked`, those
 * of a stream too. Values without a counterpart make an answer with status ERROR and the documents of the request, as the failure
 * of an Executor does: another replica would not take them either.
 */
export async function sendConverted(
  request: DataRequest,
  call: Call,
  {
    asked,
    peer,
    send,
  }: { readonly asked: DocArrayVersion; readonly peer: PeerDocuments; readonly send: Send },
): Promise<DataRequest> {
  const kept = keepNothing()
  const conversion: Conversion = { kept, call, peer, request, asked }
  const there = (await converted(conversion, request, peer.docarray)) ?? request
  if (isError(there)) return there
  const { items } = call
  if (items === undefined) return back(conversion, await send(there, call))
  // an item that cannot be converted ends the stream
  let failed: DataRequest | undefined
  const branch = new Branch(call, {
    items: {
      get count() {
        return items.count
      },
      async push(item) {
        if (failed !== undefined) return
        const own = await back(conversion, item)
        if (!isError(own)) return items.push(own)
        failed = own
        branch.abort(new MillraceError('CANCELLED', 'A document of the answer could not be converted.'))
      },
    },
  })
  try {
    return await back(conversion, await send(there, branch))
  } catch (error) {
    if (failed !== undefined) return failed
    throw error
  } finally {
    branch.unlink()
  }
}

interface Conversion {
  readonly request: DataRequest
  readonly call: Call
  readonly kept: Kept
  readonly asked: DocArrayVersion
  readonly peer: PeerDocuments
}

/** An answer of the peer in the format that was asked. The documents of a failed one are those of the request. */
async function back(conversion: Conversion, answer: DataRequest): Promise<DataRequest> {
  const { request, asked } = conversion
  const own = isError(answer)
    ? answer.withList([request.list ?? new Uint8Array()])
    : ((await converted(conversion, answer, asked)) ?? answer)
  own.saysV2 = asked === 'v2'
  return own
}

/** Undefined if its documents are of that format already; an answer with status ERROR if they cannot be. */
async function converted(
  { kept, call, peer, request, asked }: Conversion,
  given: DataRequest,
  format: DocArrayVersion,
): Promise<DataRequest | undefined> {
  const known = formatOf(given)
  if (known === format || known === undefined) return undefined
  const list = given.list ?? new Uint8Array()
  const remembers = format === asked ? { kept } : { keep: kept }
  try {
    const fieldNames = format === asked ? undefined : peer.fieldNames(request.endpoint)
    const work =
      format === 'v1'
        ? listAsV1(list, remembers)
        : listAsV2(list, { ...remembers, ...(fieldNames && { fieldNames }) })
    const other = given.withList(await inSlices(work, call))
    other.parts = given.parts
    other.saysV2 = format === 'v2'
    return other
  } catch (error) {
    if (call.aborted !== undefined) throw error
    const { code, message } = MillraceError.from(error)
    const what =
      format === asked
        ? `The answer of ${peer.address} has documents of DocArray ${peer.docarray}, and the request has those of ${asked}`
        : `${peer.address} takes documents of DocArray ${peer.docarray}, and these are of ${asked}`
    const failed = request.answer()
    failed.status = refusalStatus(
      new MillraceError(code, `${what}: ${message}`, { notRun: format !== asked }),
    )
    return failed
  }
}

function isError({ status }: DataRequest): boolean {
  return status?.code === 'ERROR'
}
