/** The gateway that a page calls. */
export interface WebPeer {
  /** `http://host:port`, or `ws://host:port` for WebSocket. */
  readonly origin: string
  /** For messages: `host:port`. */
  readonly address: string
  readonly maxMessageBytes: number
}

/** Why a call of a page may have failed: a browser does not tell. Empty where the page is the Flow's own. */
export function pageHint(origin: string): string {
  const page = (globalThis as { location?: { readonly origin: string } }).location?.origin
  if (page === undefined || page === origin.replace('ws', 'http')) return '.'
  return `. Either it cannot be reached, or its Flow does not allow pages of ${page}: http: { cors: ['${page}'] }.`
}
