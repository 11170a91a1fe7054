/** The weight of a coding (RFC 9110, 12.4.2): from 0, not acceptable, to 1. */
const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/**
 * The coding that a client prefers, by the header `accept-encoding` (RFC 9110, 12.5.3). Of codings with equal weights,
 * the first one of `offered`. Null: the answer should not be encoded.
 */
export function acceptedEncoding<E extends string>(
  header: string | undefined,
  offered: readonly E[],
): E | null {
  if (header === undefined) return null
  const weights = weightsIn(header)
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0
  let best: E | null = null
  let most = weights.get('identity') ?? 0
  for (const coding of offered) {
    const own = weightOf(coding)
    if (own === 0 || (best === null ? own < most : own <= most)) continue
    best = coding
    most = own
  }
  return best
}

/** A malformed weight is 0: the client gets nothing that it may not want. */
function weightsIn(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const item of header.toLowerCase().split(',', 32)) {
    const [name = '', given, ...others] = item.split(';').map((part) => part.trim())
    if (name === '') continue
    const written = given === undefined ? '1' : weight.exec(given)?.[1]
    const coding = name === 'x-gzip' ? 'gzip' : name
    weights.set(coding, written === undefined || others.length > 0 ? 0 : Number(written))
  }
  return weights
}
