import { lookup } from 'node:dns/promises'

/** Resolves a name to its addresses, in any order; empty when it has none. Rejects when the lookup fails. */
export type Lookup = (host: string) => Promise<readonly string[]>

/** Error codes for a name that does not exist or has no addresses. */
const notFoundCodes = new Set(['ENOTFOUND', 'ENODATA'])

/** Uses the system's resolver, with its search domains and hosts file. */
export const systemLookup: Lookup = async (host) => {
  try {
    const addresses = await lookup(host, { all: true })
    return addresses.map(({ address }) => address)
  } catch (error) {
    if (notFoundCodes.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
