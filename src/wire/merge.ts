/**
 * Two encodings of one message as one: a protobuf message field that occurs more than once is merged, and merging is
 * concatenation (protobuf.dev, "Encoding", "Last One Wins"). Gives the only one as it is, uncopied.
 */
export function merge(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined) return second
  const merged = new Uint8Array(first.length + second.length)
  merged.set(first)
  merged.set(second, first.length)
  return merged
}
