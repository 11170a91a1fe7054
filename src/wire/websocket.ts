/**
 * What a WebSocket carries, the `Sec-WebSocket-Protocol` of its handshake (RFC 6455, 1.9): requests and answers as JSON texts or
 * DataRequestProtos, as in Jina (jina.md 4.9); the same without Jina's rule that network errors close the socket; or one
 * request and the documents of its stream.
 */
export const subprotocols = ['json', 'bytes', 'millrace.bytes', 'millrace.stream'] as const

export type Subprotocol = (typeof subprotocols)[number]

/** Begins a further entry of `Sec-WebSocket-Protocol`, whose rest is a percent-encoded bearer token: browsers cannot set headers. */
export const bearerPrefix = 'millrace.bearer.'

/** Begins further entries, each with the percent-encoded `name: value` of a header that a page cannot set. */
export const headerPrefix = 'millrace.header.'

/** The entry for a header, `name: value`. */
export function headerOffer(header: string): string {
  // `encodeURIComponent` keeps them, and no entry may have them (RFC 9110, 5.6.2)
  return headerPrefix + encodeURIComponent(header).replace(/[()]/g, escape)
}

/**
 * A further entry of clients in pages. A browser tells them neither why a handshake was refused, so that the gateway says it in
 * a message, nor how to hold a socket back, so that the gateway sends `pageWindow` documents of a stream ahead.
 */
export const pageOffer = 'millrace.page'

/** Documents of a stream that a page has not taken; an empty message of the page tells that it has taken half as many. */
export const pageWindow = 64

/** Codes with which the gateway closes a WebSocket (RFC 6455, 7.4.1, and the registry of IANA). */
export const closeCode = {
  /** All requests were answered. */
  complete: 1000,
  /** The gateway closes, or needs the room: requests without an answer were not run. */
  leaving: 1001,
  /** A text where bytes were expected, or the reverse. */
  wrongKind: 1003,
  malformed: 1007,
  /** The client was too slow, or sent what the sub-protocol does not allow. */
  notAllowed: 1008,
  tooLarge: 1009,
  failed: 1011,
  /** There is no room: try again later. */
  full: 1013,
} as const

/** Ends a stream of requests in protobuf. Jina's client sends `bytes(True)`, a zero byte; no request is one byte long. */
export const endOfRequests: Uint8Array = new Uint8Array([0])
