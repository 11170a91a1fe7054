/** Header, over gRPC a trailer, that says that no handler saw the request: sending it again cannot run it twice. */
export const notRunHeader = 'millrace-not-run'

/** Header of an HTTP answer with `OK` or the code of the error. */
export const statusHeader = 'millrace-status'

/** Header of an HTTP request with the number of milliseconds that the caller waits for the answer. */
export const timeoutHeader = 'millrace-timeout'

/** The type of a body that is an encoded DataRequest. */
export const protobufType = 'application/x-protobuf'

/** The type of a body of server-sent events (HTML, 9.2). */
export const eventsType = 'text/event-stream'

/** Events of a stream of documents: those of Jina (jina.md 4.7), and `error`. */
export const streamEvents = { update: 'update', end: 'end', error: 'error' } as const
