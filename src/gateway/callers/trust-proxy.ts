import { BlockList, isIP } from 'node:net'
import { withoutBrackets } from '../../lib/authority.js'
import type { TrustProxy } from './trusted-proxies.js'

/** Whether an address is that of a trusted proxy; `hop` 0 is the other end of the connection. */
type IsTrusted = (address: string, hop: number) => boolean

/** Every proxy adds an entry: more than these at the end of the header are not looked at. */
const mostHops = 32

/**
 * Finds the address of a client behind proxies, each of which adds the address that it was called from at the end of
 * `x-forwarded-for`. From the gateway outwards, it is the first one that is not a trusted proxy; what stands before it in the header
 * was written by the client itself.
 */
export class ProxyChain {
  readonly #isTrusted: IsTrusted

  /** @throws TypeError for a network that is none */
  constructor(rule: TrustProxy) {
    this.#isTrusted = proxyTrust(rule)
  }

  /** `address`: the other end of the connection. An entry that is no address ends the chain. */
  clientOf(address: string, forwardedFor: string | undefined): string {
    let client = address
    if (forwardedFor === undefined) return client
    const entries = forwardedFor.split(',').slice(-mostHops).reverse()
    for (const [hop, entry] of entries.entries()) {
      if (!this.#isTrusted(client, hop)) return client
      const next = addressIn(entry.trim())
      if (next === undefined) return client
      client = next
    }
    return client
  }
}

/** The rule as a function. @throws TypeError for a network that is none */
export function proxyTrust(rule: TrustProxy): IsTrusted {
  if (typeof rule === 'boolean') return () => rule
  if (typeof rule === 'number') return (_address, hop) => hop < rule
  const networks = networksOf(rule)
  return (address) => networks.check(address, familyOf(address))
}

/** @throws TypeError that names the first text which is no network */
export function networksOf(texts: readonly string[]): BlockList {
  const networks = new BlockList()
  for (const text of texts) {
    const [, address = '', written] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
    const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
    const prefix = written === undefined ? most : Number(written)
    if (prefix < 0 || prefix > most) throw new TypeError(text)
    networks.addSubnet(address, prefix, familyOf(address))
  }
  return networks
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

/** The address of an entry, which may have a port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
function addressIn(entry: string): string | undefined {
  const address = isIP(entry) === 0 ? withoutBrackets(entry.replace(/:\d+$/, '')) : entry
  return isIP(address) === 0 ? undefined : address
}
