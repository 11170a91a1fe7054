/** A new id for a request: 32 hex characters, as Jina's clients make them. */
export function requestId(): string {
  const { crypto } = globalThis
  // browsers have randomUUID on https pages only
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID().replaceAll('-', '')
  let id = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += byte.toString(16).padStart(2, '0')
  return id
}
