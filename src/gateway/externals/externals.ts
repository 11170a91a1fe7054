import type { LiveStage } from '../stage.js'
import { DiscoveredServers, type DiscoveredTools } from './discovered.js'
import { ExternalServer } from './server.js'

/** What a stage has of somebody else's servers. */
export interface Externals {
  /** Resolves after the first trials. Never rejects. */
  open(): Promise<void>
  close(options: { readonly graceMs: number }): Promise<void>
}

/** Those of one stage; none is dialled yet. */
export function externalsOf(stage: LiveStage, tools: DiscoveredTools): readonly Externals[] {
  return stage.spec.external.map(({ shard, address, discover }, index) => {
    if (discover && address.kind === 'grpc') return new DiscoveredServers(stage, { shard, address }, tools)
    const name = `${stage.shards[shard]!.name}/external-${index}`
    return new ExternalServer(stage, { name, shard, address, mustDescribe: false }, tools.clock)
  })
}
