/** A new request id: 32 hex characters, like those of Jina's clients. */
export function requestId(): string {
  const { crypto } = globalThis
  // browsers only have randomUUID on https pages
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID().replaceAll('-', '')
  let id = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += byte.toString(16).padStart(2, '0')
  return id
}
