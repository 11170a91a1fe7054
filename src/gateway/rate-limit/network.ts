import { isIPv6 } from 'node:net'

/**
 * The part of an address that stands for one customer of a provider: an IPv4 address as it is, and the first 64 bits of an IPv6
 * address, since everyone gets at least a whole /64 (RFC 6177) and may change the rest at will.
 */
export function network(address: string): string {
  const [plain = ''] = address.split('%', 1) // without the zone of a link-local address
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const bits = 8 - (behind.at(-1)?.includes('.') === true ? 1 : 0) // an IPv4 address at the end is two groups
  if (tail !== undefined)
    groups.push(...Array.from({ length: bits - groups.length - behind.length }, () => '0'))
  return [...groups, ...behind]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
