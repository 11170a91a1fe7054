import { networkInterfaces } from 'node:os'
import type { FlowSettings } from '../plan/flow-settings.js'

/** What a user reads once a Flow serves, as Jina shows it. The public address only when it is configured: nobody is asked for it. */
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

/** The first IPv4 address of this machine that others may reach; null when the Flow listens on loopback only. */
function privateAddress(host: string): string | null {
  if (host !== '0.0.0.0' && host !== '::') return null
  const addresses = Object.values(networkInterfaces()).flat()
  return addresses.find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address ?? null
}
