import { networksOf } from '../gateway/callers/trust-proxy.js'
import type { TrustProxy } from '../gateway/callers/trusted-proxies.js'
import type { Option } from './option.js'

/** The option `trustProxy`. */
export const trustProxyOption: Option<TrustProxy> = {
  expected:
    "false, true, the number of proxies in front of the gateway (1 to 32), or a list of their addresses and networks, such as ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']",
  preset: false,
  parse(given) {
    if (typeof given === 'boolean') return given
    if (typeof given === 'number')
      return Number.isInteger(given) && given >= 1 && given <= 32 ? given : undefined
    const texts: readonly unknown[] = Array.isArray(given) ? given : [given]
    if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) return undefined
    try {
      networksOf(texts)
      return texts
    } catch {
      return undefined // a text that is no network
    }
  },
}
