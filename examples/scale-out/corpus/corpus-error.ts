/** The requested corpus is not available; the message says which one, why, and what to use instead. */
export class CorpusError extends Error {
  override readonly name = 'CorpusError'
}
