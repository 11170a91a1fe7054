import type { Clock } from '../../lib/clock.js'
import type { LiveStage } from '../stage.js'
import { DiscoveredServers } from './discovered.js'
import type { HostSource } from '../../discovery/host-source.js'
import type { Discovery } from '../../discovery/host-sources.js'
import { ExternalServer } from './server.js'

/** The external servers of a stage. */
export interface Externals {
  /** Resolves after the first connection attempts. Never rejects. */
  open(): Promise<void>
  close(options: { readonly graceMs: number }): Promise<void>
}

export interface ExternalTools {
  readonly clock: Clock
  sourceOf(host: string, discovery: Discovery): HostSource
  /** Logs a sentence. */
  say(sentence: string): void
}

/** The external servers of one stage; none is dialled yet. */
export function externalsOf(stage: LiveStage, tools: ExternalTools): readonly Externals[] {
  return stage.spec.external.map(({ shard, address, discover }, index) => {
    if (discover !== 'static' && address.kind === 'grpc') {
      const source = tools.sourceOf(address.host, discover)
      return new DiscoveredServers(stage, { shard, address, source }, tools)
    }
    const name = `${stage.shards[shard]!.name}/external-${index}`
    return new ExternalServer(stage, { name, shard, address, isReplica: false }, tools)
  })
}
