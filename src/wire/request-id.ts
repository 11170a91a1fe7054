import { randomId } from '../document/id.js'

/** A new request id: 32 hex characters, like those of Jina's clients. */
export function requestId(): string {
  return randomId()
}
