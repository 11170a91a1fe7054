import { networkInterfaces } from 'node:os'
import type { ListenerStatus } from '../control/status.js'
import { authority, isWildcard, withoutBrackets } from '../lib/authority.js'
import { logFormat } from '../observe/entry.js'
import type { Logger } from '../observe/logger.js'
import type { FlowSettings } from '../plan/flow-settings.js'
import { shownProtocol } from '../plan/listeners.js'

/** Says in one line what is open to others on a Flow's ports. Not a warning: it is so by default. */
export function announceOpen(
  { auth, tls }: Pick<FlowSettings, 'auth' | 'tls'>,
  listeners: readonly ListenerStatus[],
  logger: Pick<Logger, 'info'>,
): void {
  const open = listeners.filter(({ host }) => isWildcard(host)).map(({ port }) => port)
  const isLocked = auth !== null || tls?.clientCertificate === 'require'
  if (open.length === 0 || (isLocked && tls !== null)) return
  const ports = `port${open.length > 1 ? 's' : ''} ${open.join(', ')}`
  const what = isLocked
    ? `Tokens of clients that call ${ports} are not encrypted. To change that, set tls, or end TLS in a proxy`
    : tls === null
      ? `Everyone who reaches ${ports} may call this Flow, without encryption. To change that, set auth and tls, or host: '127.0.0.1'`
      : `Everyone who reaches ${ports} may call this Flow. To change that, set auth, or tls.clientCertificate`
  logger.info(`${what} (docs/security.md).`)
}

interface Bound {
  readonly listeners: readonly ListenerStatus[]
  /** Null when metrics are off. */
  readonly metricsPort: number | null
}

/**
 * Logs that a Flow is ready and how to reach each of its ports: in Jina's format, or as the fields of a JSON line. The public
 * address is shown only when configured; no external service is asked for it.
 */
export function announce(
  { publicHost, metrics }: Pick<FlowSettings, 'publicHost' | 'metrics'>,
  { listeners, metricsPort }: Bound,
  logger: Pick<Logger, 'info'>,
): void {
  const message = '🎉 Flow is ready to use!'
  const shown = listeners.map((listener) => addressesOf(listener, publicHost))
  const scraped =
    metricsPort === null || metrics === null ? null : `http://${authority(metrics.host, metricsPort)}/metrics`
  if (logFormat() === 'json') {
    const measured = scraped !== null && { metrics: scraped }
    logger.info(message, { ...(shown.length === 1 ? shown[0] : { listeners: shown }), ...measured })
    return
  }
  const rows = shown.flatMap((addresses): [string, string | null][] => [
    ['🔗 Protocol:', addresses.protocol],
    ['🏠 Local access:', addresses.local],
    ['🔒 Private network:', addresses.privateNetwork],
    ['🌐 Public address:', addresses.public],
  ])
  rows.push(['📊 Metrics:', scraped])
  const lines = rows.flatMap(([label, value]) => (value === null ? [] : [`\t${label.padEnd(19)}\t${value}`]))
  logger.info([message, ...lines].join('\n'))
}

interface Addresses {
  readonly protocol: string
  readonly local: string
  readonly privateNetwork: string | null
  readonly public: string | null
}

function addressesOf(
  { protocols, host, port, tls = false }: ListenerStatus,
  publicHost: string | null,
): Addresses {
  const own = privateAddress(host)
  return {
    protocol: protocols.map((name) => shownProtocol(name, tls).toUpperCase()).join(', '),
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
