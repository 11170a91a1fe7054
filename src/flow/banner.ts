import { networkInterfaces } from 'node:os'
import { logFormat } from '../observe/entry.js'
import type { Logger } from '../observe/logger.js'
import type { FlowSettings } from '../plan/flow-settings.js'

/**
 * Says that a Flow is ready and how it is reached: in Jina's format, or as the fields of a JSON line. The public address is
 * shown only when configured: no service is asked for it.
 */
export function announce(settings: FlowSettings, port: number, logger: Pick<Logger, 'info'>): void {
  const protocol = settings.protocol.join(', ').toUpperCase()
  const local = `${settings.host}:${port}`
  const address = privateAddress(settings.host)
  const own = address === null ? null : `${address}:${port}`
  const open = settings.publicHost === null ? null : `${settings.publicHost}:${port}`
  const message = '🎉 Flow is ready to use!'
  if (logFormat() === 'json') {
    logger.info(message, { protocol, local, privateNetwork: own, public: open })
    return
  }
  const rows = [
    ['🔗 Protocol:', protocol],
    ['🏠 Local access:', local],
    ['🔒 Private network:', own],
    ['🌐 Public address:', open],
  ] as const
  const lines = rows.flatMap(([label, value]) => (value === null ? [] : [`\t${label.padEnd(19)}\t${value}`]))
  logger.info([message, ...lines].join('\n'))
}

/** The first non-loopback IPv4 address of this machine; null unless the Flow listens on all interfaces. */
function privateAddress(host: string): string | null {
  if (host !== '0.0.0.0' && host !== '::') return null
  const addresses = Object.values(networkInterfaces()).flat()
  return addresses.find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address ?? null
}
