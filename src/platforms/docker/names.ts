import { MillraceError } from '../../errors.js'
import { labelNames } from '../../docker-engine/labels.js'

/** What the containers of a Flow are known by, beside `labelNames`. */
export const flowLabels = {
  flow: labelNames.flow,
  stage: labelNames.stage,
  /** Marks what belongs to a Flow that runs on Docker as a whole: `gateway`, `executor`, `network`. */
  part: 'millrace.part',
  /** Name by which its replicas are found in the network: `indexer-1`. */
  workload: 'millrace.workload',
  shard: 'millrace.shard',
  /** Which one of the replicas it is. */
  index: 'millrace.index',
  /** Of the configuration: another one is another Flow, or another version of it. */
  checksum: 'millrace.checksum',
  /** What another replica is made from, as JSON. */
  recipe: 'millrace.recipe',
  /** Of the gateway: the Flow as the gateway reads it. */
  config: 'millrace.config',
} as const

/** Names of what belongs to one Flow on an engine. */
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

  /** Between the containers, without a way out. */
  get stages(): string {
    return `${this.flow}-stages`
  }

  /** By which the gateway is reached. */
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
