import type { Observer } from '../call/observation.js'
import { type Cluster, ownCluster } from '../discovery/kubernetes/cluster.js'
import { type Lookup, systemLookup } from '../discovery/lookup.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Logger, programLogger } from '../observe/logger.js'
import type { ProgramReduce } from './reducers.js'
import type { GatewaySpec } from './spec.js'

/** Dependencies of a gateway, replaceable in tests. */
export interface GatewayTools {
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** Default: the system's resolver. */
  readonly lookup?: Lookup
  /** Default: the cluster that this process runs in, if any. */
  readonly cluster?: () => Promise<Cluster | null>
  /** Default: standard error. */
  readonly logger?: Pick<Logger, 'debug' | 'info' | 'warn'>
  /** Observers of requests and replicas, besides the access log. */
  readonly observers?: readonly Observer[]
  /** The compiled entry of a thread for large JSON. Default: there is no thread. */
  readonly jsonThread?: URL
  /** Runs the `reduce` of stages where that is a function of the program. */
  readonly reduceInProgram?: ProgramReduce
}

/** The dependencies of a gateway, with their defaults. */
export type ResolvedTools = GatewayTools &
  Required<Omit<GatewayTools, 'reduceInProgram' | 'observers' | 'jsonThread'>>

/** Fills in the defaults. */
export function resolveTools({ name }: GatewaySpec, tools: GatewayTools): ResolvedTools {
  return {
    clock: systemClock,
    random: Math.random,
    lookup: systemLookup,
    cluster: ownCluster,
    logger: programLogger(name),
    ...tools,
  }
}
