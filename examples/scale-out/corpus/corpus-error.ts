/** The corpus that was asked for cannot be had; the message says which, why, and what would do. */
export class CorpusError extends Error {
  override readonly name = 'CorpusError'
}
