/** Answers as bytes, for clients whose connection or request no HTTP server has parsed. */

/** Sent to a client that speaks HTTP/2, or another protocol and prints what it receives. */
export const notHttp1: string = rawAnswer(
  '505 HTTP Version Not Supported',
  'This port speaks HTTP/1.1. Use an HTTP client, without HTTP/2.\n',
)

/** Sent to a client without TLS on a port with TLS. */
export const needsTls: string = rawAnswer('400 Bad Request', 'This port speaks TLS. Use https://.\n')

/** The refusal of a connection, with its reason. */
export function refused(why: string): string {
  return rawAnswer('503 Service Unavailable', `${why}\n`, ['retry-after: 1'])
}

/** The refusal of bytes that are not a request (the codes are those of Node's parser). */
export function unparsed(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return rawAnswer('431 Request Header Fields Too Large', 'The headers have more than 16 KiB together.\n')
  }
  return rawAnswer('400 Bad Request', 'This is not an HTTP/1.1 request.\n')
}

/** The refusal of a request whose headers do not arrive in time. */
export function tooSlow(why: string): string {
  return rawAnswer('408 Request Timeout', `${why}\n`)
}

function rawAnswer(status: string, text: string, headers: readonly string[] = []): string {
  return [
    `HTTP/1.1 ${status}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    ...headers,
    'connection: close',
    '',
    text,
  ].join('\r\n')
}
