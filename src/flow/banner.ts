import { networkInterfaces } from 'node:os'
import type { FlowSettings } from '../plan/flow-settings.js'

/** The text printed when a Flow is ready, in Jina's format. The public address is shown only when configured: no service is asked for it. */
export function banner(settings: FlowSettings, port: number): string {
  const rows = [
    ['🔗 Protocol:', settings.protocol.join(', ').toUpperCase()],
    ['🏠 Local access:', `${settings.host}:${port}`],
  ]
  const address = privateAddress(settings.host)
  if (address !== null) rows.push(['🔒 Private network:', `${address}:${port}`])
  if (settings.publicHost !== null) rows.push(['🌐 Public address:', `${settings.publicHost}:${port}`])
  const lines = rows.map(([label, value]) => `\t${label!.padEnd(19)}\t${value}`)
  return [`${settings.name}@${process.pid}[I]: 🎉 Flow is ready to use!`, ...lines].join('\n')
}

/** The first non-loopback IPv4 address of this machine; null unless the Flow listens on all interfaces. */
function privateAddress(host: string): string | null {
  if (host !== '0.0.0.0' && host !== '::') return null
  const addresses = Object.values(networkInterfaces()).flat()
  return addresses.find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address ?? null
}
