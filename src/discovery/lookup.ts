import { lookup } from 'node:dns/promises'

/** The addresses behind a name, in any order; none when there is nobody. Rejects when that cannot be told now. */
export type Lookup = (host: string) => Promise<readonly string[]>

/** What the name system says when it knows the name, or that there is none. */
const nobody = new Set(['ENOTFOUND', 'ENODATA'])

/** As the system resolves names: its search domains and hosts file count. */
export const systemLookup: Lookup = async (host) => {
  try {
    const addresses = await lookup(host, { all: true })
    return addresses.map(({ address }) => address)
  } catch (error) {
    if (nobody.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
