import type { ListenerSpec } from '../gateway/spec.js'
import type { FlowSettings } from '../plan/flow-settings.js'
import { type Entry, entryOf, listenersOf } from '../plan/listeners.js'
import { containerHost, containerPort } from './container-paths.js'

/** The ports of a gateway in its container: 8080, and the numbers after it when there are several. */
export function containerListeners(
  settings: Pick<FlowSettings, 'protocol' | 'host' | 'port'>,
): readonly ListenerSpec[] {
  return listenersOf(settings).map(({ protocols }, index) => ({
    protocols,
    host: containerHost,
    port: containerPort + index,
  }))
}

/** The port of a gateway in its container for clients and health checks of Millrace. */
export function containerEntry(settings: Pick<FlowSettings, 'protocol' | 'host' | 'port' | 'tls'>): Entry {
  const tls = settings.tls !== null
  return entryOf(containerListeners(settings).map((listener) => ({ ...listener, tls })))
}
