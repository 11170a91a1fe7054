import type { Service } from '../call/call.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { DataRequest } from '../wire/data-request.js'
import type { Channel, DialOptions, Listener, ListenOptions } from './transport.js'

/** What a kind of transport must bring to be put through the suite. */
export interface TransportUnderTest {
  /** A listener around the service, and a channel to it. */
  readonly connect: (
    service: Service,
    options?: { dial?: DialOptions; listen?: ListenOptions },
  ) => Promise<Connected>
  /** Cases that cannot hold for this kind: name of the case → reason. */
  readonly unsupported?: Readonly<Record<string, string>>
}

export interface Connected {
  readonly listener: Listener
  readonly channel: Channel
  /** Ends the serving end without a word, as a crash does. */
  readonly kill: () => void
}

/** What `fakeService` describes. */
export const description = {
  endpoints: ['/default', '/a'],
  writeEndpoints: [],
  streamEndpoints: ['/s'],
  schemas: {},
}

/** Answers each request as it came, unless `parts` say otherwise. */
export function fakeService(parts: Partial<Service>): Service {
  return {
    handle: (request) => Promise.resolve(request.answer()),
    describe: () => description,
    ...parts,
  }
}

export function ask(endpoint = '/a', parameters: Record<string, unknown> = {}): DataRequest {
  return DataRequest.create({ endpoint, parameters })
}

export function askStream(): DataRequest {
  return DataRequest.create({ endpoint: '/s', docs: new DocumentArray([new Document({ text: 'question' })]) })
}

/** What the cases of one kind need. */
export interface TransportCases {
  /** Connects as the kind does, and closes both ends after the case. */
  readonly open: TransportUnderTest['connect']
  /** Declares a case, which is skipped where the kind does not support it. */
  readonly it: (name: string, body: () => Promise<void>) => void
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<MillraceError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome)) throw new Error('this should have failed')
  if (!MillraceError.is(outcome.error)) throw outcome.error
  return outcome.error
}
