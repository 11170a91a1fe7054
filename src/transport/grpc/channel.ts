import type { Call, Description, Handler } from '../../call/call.js'
import type { DocArrayVersion } from '../../document/list-version.js'
import { MillraceError } from '../../errors.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { DataRequest } from '../../wire/data-request.js'
import { decodeDescription, unknownDescription } from '../../wire/description.js'
import { decodeInfo, docArrayOf } from '../../wire/info.js'
import { encodeRequestList } from '../../wire/request-list.js'
import { encodeRecipient, isSpecific, recipientHeader } from '../../wire/identity.js'
import { headerFilter } from '../forward-headers.js'
import type { BatchFigures } from '../../observe/batch-figures.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import {
  type ConnectionListener,
  type GrpcCallOptions,
  GrpcConnection,
} from '../../grpc/client/connection.js'
import { methods } from '../../grpc/methods.js'
import { defaultMaxMessageBytes } from '../../grpc/client/peer.js'
import { askedFormat, sendConverted } from './documents.js'
import { KnownDocuments } from './known-documents.js'
import { streamDocument } from './stream-document.js'
import { errorFromGrpc, hasRaised, isUnimplemented } from '../../grpc/status.js'

type GrpcAddress = Extract<Address, { kind: 'grpc' }>

/** Timeout of `describe()`. */
const describeTimeoutMs = 10_000

/** How long the first request waits until the peer has said which format of documents it speaks. */
const firstAnswerMs = 2000

const nothing = new Uint8Array(0)

/** Headers addressed to the server that received the request; not forwarded (jina.md 4.5). */
const ownHeaders: ReadonlySet<string> = new Set(['__prefetch__', '__results_in_order__', recipientHeader])

/**
 * Dials a server that speaks Jina's gRPC: an external Executor, head or gateway, or a pod in a container. Connects with the
 * first call, so dialling never fails. `requests` sends those that have one answer and go in one message, instead of gRPC.
 */
export async function dialGrpc(
  address: GrpcAddress,
  options: DialOptions = {},
  requests?: Handler,
): Promise<Channel> {
  const { host, port, path, tls, credentials, isPod = false } = address
  const maxMessageBytes = options.maxFrameBytes ?? defaultMaxMessageBytes
  const peer = { host, port, path, tls, credentials, maxMessageBytes }
  const ends = { leaving: deferred<Reason>(), closed: deferred<Reason>() }
  const listener: ConnectionListener = {
    onLeaving: (reason) => ends.leaving.resolve({ reason }),
    onClosed(reason) {
      ends.leaving.resolve({ reason })
      ends.closed.resolve({ reason })
    },
  }
  const { recipient, onReconnect, forwardHeaders = 'unfiltered', sendsParts = false, docarray } = options
  const tools = isPod || options.endsWithConnection === true ? { listener } : given(onReconnect)
  const told = recipient !== undefined && isSpecific(recipient) ? encodeRecipient(recipient) : null
  return new GrpcChannel(new GrpcConnection(peer, tools), {
    ...ends,
    isPod,
    told,
    sendsParts,
    docarray: docarray ?? undefined,
    requests,
    isForwarded: headerFilter(forwardHeaders),
  })
}

function given(onReconnect: DialOptions['onReconnect']): Pick<DialOptions, 'onReconnect'> {
  return onReconnect === undefined ? {} : { onReconnect }
}

interface Reason {
  readonly reason: string
}

interface Ends {
  /** Whether the peer is a pod of this Flow: then pings check whether it is alive. */
  readonly isPod: boolean
  /** Header value that names the pod all requests are addressed to; null for any pod. */
  readonly told: string | null
  readonly isForwarded: (header: string) => boolean
  /** Whether a request in several parts is sent as several requests. */
  readonly sendsParts: boolean
  /** The format of documents that the peer speaks, if it was told; otherwise the peer is asked. */
  readonly docarray: DocArrayVersion | undefined
  /** Another way for requests with one answer. */
  readonly requests: Handler | undefined
  readonly leaving: Deferred<Reason>
  readonly closed: Deferred<Reason>
}

/**
 * A hop over `process_single_data`; a peer without that method (an older gateway) gets a `Call` stream of one request. The next
 * call reconnects after a lost connection, and `closed` resolves at `close()` only, unless the channel ends with its
 * connection.
 */
class GrpcChannel implements Channel {
  readonly #connection: GrpcConnection
  readonly #ends: Ends
  readonly #documents: KnownDocuments
  #single = true

  constructor(connection: GrpcConnection, ends: Ends) {
    this.#connection = connection
    this.#ends = ends
    this.#documents = new KnownDocuments(ends.docarray, () => this.describe(firstAnswerMs))
  }

  get closed(): Promise<Reason> {
    return this.#ends.closed.promise
  }

  get leaving(): Promise<Reason> {
    return this.#ends.leaving.promise
  }

  /** External servers are not pinged: their failures show in their answers. */
  async ping(): Promise<readonly BatchFigures[]> {
    if (this.#ends.isPod) await this.#connection.ping()
    return []
  }

  readonly handle = (request: DataRequest, call: Call): Promise<DataRequest> => {
    const { speaksBoth } = this.#documents
    const asked = speaksBoth ? undefined : askedFormat(request, call)
    return asked === undefined ? this.#send(request, call) : this.#sendAs(asked, request, call)
  }

  async #sendAs(asked: DocArrayVersion, request: DataRequest, call: Call): Promise<DataRequest> {
    const { docarray, fieldNames } = await this.#documents.known(call)
    if (docarray === undefined || docarray === asked) return this.#send(request, call)
    const peer = { docarray, fieldNames, address: this.#connection.address }
    return sendConverted(request, call, { asked, peer, send: this.#send })
  }

  readonly #send = async (request: DataRequest, call: Call): Promise<DataRequest> => {
    const { address } = this.#connection
    const { deadline, items } = call
    const { requests, sendsParts } = this.#ends
    const isList = sendsParts && (request.parts?.length ?? 0) > 1
    if (requests !== undefined && items === undefined && !isList) return whole(await requests(request, call))
    const options = { call, deadline, headers: headersFor(request.endpoint, call, this.#ends) }
    try {
      if (items !== undefined) return await streamDocument(this.#connection, request, { ...options, items })
      const answer = DataRequest.decode(
        isList
          ? await this.#exchangeParts(request, options)
          : await this.#exchange(request.encode(), options),
      )
      return whole(answer)
    } catch (error) {
      throw errorFromGrpc(error, { address, endpoint: request.endpoint })
    }
  }

  async describe(timeoutMs = describeTimeoutMs): Promise<Description> {
    const options = { deadline: Date.now() + timeoutMs, headers: {} }
    try {
      const description = await this.#discover(options)
      // Millrace speaks both formats, and says which pod it is
      const more = description.identity === undefined ? await this.#status(options) : {}
      const whole = { ...description, ...more }
      this.#documents.learn(whole)
      return whole
    } catch (error) {
      throw errorFromGrpc(error, { address: this.#connection.address })
    }
  }

  async #discover(options: GrpcCallOptions): Promise<Description> {
    try {
      return decodeDescription(await this.#connection.unary(methods.endpointDiscovery, nothing, options))
    } catch (error) {
      // Jina 3.34 has no answer for documents in documents, whose schemas it does not follow
      if (isUnimplemented(error) || hasRaised(error)) return unknownDescription
      throw error
    }
  }

  /** Jina reports its release of DocArray, and in a cluster its environment with the deployment's name (jina.md 8.2). */
  async #status(options: GrpcCallOptions): Promise<Pick<Description, 'jinaDeployment' | 'docarray'>> {
    try {
      const info = decodeInfo(await this.#connection.unary(methods.status, nothing, options))
      const { JINA_DEPLOYMENT_NAME: name = '' } = info.envs
      const docarray = docArrayOf(info)
      const isNamed = this.#ends.told !== null && name !== '' && name !== '(unset)'
      return { ...(docarray && { docarray }), ...(isNamed && { jinaDeployment: name }) }
    } catch (error) {
      if (isUnimplemented(error)) return {}
      throw error
    }
  }

  close(): Promise<void> {
    this.#connection.close(
      new MillraceError('CANCELLED', `The channel to ${this.#connection.address} was closed.`),
    )
    const reason = { reason: 'it was closed by this side' }
    this.#ends.leaving.resolve(reason)
    this.#ends.closed.resolve(reason)
    return Promise.resolve()
  }

  /** @throws UNSUPPORTED for a server that takes one request at a time, such as a gateway of Jina */
  async #exchangeParts(request: DataRequest, options: GrpcCallOptions): Promise<Uint8Array> {
    try {
      return await this.#connection.unary(methods.processData, encodeRequestList(request), options)
    } catch (error) {
      if (!isUnimplemented(error)) throw error
      throw new MillraceError(
        'UNSUPPORTED',
        `The server at ${this.#connection.address} takes one request, and this stage sends the answer of each branch in a request of its own (reduce: false). It is a gateway, not an Executor: let its stage reduce, or join in a stage in front of it.`,
        { notRun: true, cause: error },
      )
    }
  }

  async #exchange(bytes: Uint8Array, options: GrpcCallOptions): Promise<Uint8Array> {
    if (this.#single) {
      try {
        return await this.#connection.unary(methods.processSingleData, bytes, options)
      } catch (error) {
        if (!isUnimplemented(error)) throw error
      }
    }
    // on the wire, a stream with one request and one answer is a unary call
    const answer = await this.#connection.unary(methods.call, bytes, options)
    this.#single = false
    return answer
  }
}

/** No such peer answers in parts; one that does not know the field returns the parts of the request. */
function whole(answer: DataRequest): DataRequest {
  answer.parts = undefined
  return answer
}

function headersFor(
  endpoint: string,
  { headers }: Call,
  { told, isForwarded }: Ends,
): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of Object.keys(headers))
    if (!ownHeaders.has(name) && isForwarded(name)) kept[name] = headers[name]!
  kept.endpoint = endpoint
  if (told !== null) kept[recipientHeader] = told
  return kept
}
