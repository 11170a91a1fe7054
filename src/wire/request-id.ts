import { randomId } from '../document/id.js'

/** A new request id: 32 hex characters, like those of Jina's clients. */
export function requestId(): string {
  const { crypto } = globalThis
  // browsers only have randomUUID on https pages
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID().replaceAll('-', '')
  return randomId()
}
