import { networkInterfaces } from 'node:os'
import type { ListenerStatus } from '../control/status.js'
import { authority, isWildcard, withoutBrackets } from '../lib/authority.js'
import { logFormat } from '../observe/entry.js'
import type { Logger } from '../observe/logger.js'
import type { FlowSettings } from '../plan/flow-settings.js'

/** Says in one line that others can call a Flow without a token. Not a warning: it is so by default. */
export function announceOpen(
  { auth }: Pick<FlowSettings, 'auth'>,
  listeners: readonly ListenerStatus[],
  logger: Pick<Logger, 'info'>,
): void {
  const open = listeners.filter(({ host }) => isWildcard(host)).map(({ port }) => port)
  if (auth !== null || open.length === 0) return
  const ports = `port${open.length > 1 ? 's' : ''} ${open.join(', ')}`
  logger.info(
    `Everyone who reaches ${ports} may call this Flow. To change that, set auth, or host: '127.0.0.1' (docs/security.md).`,
  )
}

/**
 * Logs that a Flow is ready and how to reach each of its ports: in Jina's format, or as the fields of a JSON line. The public
 * address is shown only when configured; no external service is asked for it.
 */
export function announce(
  { publicHost }: Pick<FlowSettings, 'publicHost'>,
  listeners: readonly ListenerStatus[],
  logger: Pick<Logger, 'info'>,
): void {
  const message = '🎉 Flow is ready to use!'
  const shown = listeners.map((listener) => addressesOf(listener, publicHost))
  if (logFormat() === 'json') {
    logger.info(message, shown.length === 1 ? { ...shown[0] } : { listeners: shown })
    return
  }
  const rows = shown.flatMap((addresses) => [
    ['🔗 Protocol:', addresses.protocol] as const,
    ['🏠 Local access:', addresses.local] as const,
    ['🔒 Private network:', addresses.privateNetwork] as const,
    ['🌐 Public address:', addresses.public] as const,
  ])
  const lines = rows.flatMap(([label, value]) => (value === null ? [] : [`\t${label.padEnd(19)}\t${value}`]))
  logger.info([message, ...lines].join('\n'))
}

interface Addresses {
  readonly protocol: string
  readonly local: string
  readonly privateNetwork: string | null
  readonly public: string | null
}

function addressesOf({ protocols, host, port }: ListenerStatus, publicHost: string | null): Addresses {
  const own = privateAddress(host)
  return {
    protocol: protocols.join(', ').toUpperCase(),
    local: authority(host, port),
    privateNetwork: own === null ? null : authority(own, port),
    public: publicHost === null ? null : authority(withoutBrackets(publicHost), port),
  }
}

/**
 * The first address of this machine that other machines can reach, preferably IPv4; null unless the Flow listens on all
 * interfaces.
 */
function privateAddress(host: string): string | null {
  if (!isWildcard(host)) return null
  const entries = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const outside = entries.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  const own = outside.find(({ family }) => family === 'IPv4') ?? (host === '0.0.0.0' ? undefined : outside[0])
  return own?.address ?? null
}
