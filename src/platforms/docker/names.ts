import { MillraceError } from '../../errors.js'
import { labelNames } from '../../docker-engine/labels.js'

/** Labels of a Flow's containers, in addition to `labelNames`. */
export const flowLabels = {
  flow: labelNames.flow,
  stage: labelNames.stage,
  /** Role of an object of a Flow on Docker: `gateway`, `executor`, `network`. */
  part: 'millrace.part',
  /** Network alias of its replicas: `indexer-1`. */
  workload: 'millrace.workload',
  shard: 'millrace.shard',
  /** Index of the replica. */
  index: 'millrace.index',
  /** Checksum of the configuration: another value means another Flow, or another version of it. */
  checksum: 'millrace.checksum',
  /** Recipe for creating another replica, as JSON. */
  recipe: 'millrace.recipe',
  /** On the gateway: the Flow's configuration as the gateway reads it. */
  config: 'millrace.config',
} as const

/** Names of a Flow's objects on an engine. */
export class FlowNames {
  readonly flow: string

  /** @throws INVALID_NAME */
  constructor(flow: string) {
    if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(flow)) {
      throw new MillraceError(
        'INVALID_NAME',
        `On Docker the name of a Flow has only letters, digits, _, . and -, and at most 63 of them, not ${JSON.stringify(flow)}. Give it another one: new Flow({ name }).`,
      )
    }
    this.flow = flow
  }

  get gateway(): string {
    return `${this.flow}-gateway`
  }

  /** Internal network between the containers, without access to outside networks. */
  get stages(): string {
    return `${this.flow}-stages`
  }

  /** Network on which the gateway is published. */
  get public(): string {
    return `${this.flow}-public`
  }

  replica(workload: string, index: number): string {
    return `${this.flow}-${workload}-${index}`
  }

  workspace(workload: string): string {
    return `${this.flow}-${workload}-workspace`
  }

  volume(workload: string, index: number): string {
    return `${this.flow}-${workload}-volume-${index}`
  }
}
