import { randomBytes } from 'node:crypto'
import { kubectl, type Said } from './kubectl.js'

/** What Kubernetes gives out, as far as tests look at it. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly containers: readonly { readonly name: string }[] }
  readonly status: {
    readonly podIP?: string
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly lastTransitionTime: string
    }[]
    readonly containerStatuses?: readonly { readonly restartCount: number }[]
  }
}

/**
 * What says nothing of the objects: a cluster without a metrics server, a kubelet or a provisioner of volumes that is slow on a
 * busy machine; and a container that is still starting, which Kubernetes says as a warning.
 */
const ofTheCluster = [
  /^HorizontalPodAutoscaler .*metric/,
  /failed to sync (configmap|secret) cache/,
  /unbound immediate PersistentVolumeClaims/,
  /Startup probe failed/,
]

/** A namespace of one test, gone with all that is in it at the end. */
export class Namespace {
  readonly name: string

  private constructor(name: string) {
    this.name = name
  }

  static async create(): Promise<Namespace> {
    const name = `millrace-${randomBytes(4).toString('hex')}`
    await kubectl(['create', 'namespace', name])
    return new Namespace(name)
  }

  kubectl(...args: readonly string[]): Promise<Said> {
    return kubectl(['--namespace', this.name, ...args])
  }

  async get<T>(...what: readonly string[]): Promise<T> {
    const { stdout } = await this.kubectl('get', ...what, '--output', 'json')
    return JSON.parse(stdout) as T
  }

  /** Those of one workload that are not on their way out. */
  async pods(app: string): Promise<readonly Pod[]> {
    const { items } = await this.get<{ readonly items: readonly Pod[] }>('pods', '--selector', `app=${app}`)
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }

  /** Waits until all Deployments and StatefulSets are as they are meant to be. */
  async ready(): Promise<void> {
    const { stdout } = await this.kubectl('get', 'deployments,statefulsets', '--output', 'name')
    for (const workload of stdout.trim().split('\n'))
      await this.kubectl('rollout', 'status', workload, '--timeout', '90s').catch((error: unknown) =>
        this.#explain(workload, error),
      )
  }

  /** What its pods said last, and what the cluster says of them. */
  async #explain(workload: string, error: unknown): Promise<never> {
    const { stdout: pods } = await this.kubectl('get', 'pods', '--output', 'wide')
    const logs = await this.kubectl('logs', workload, '--tail', '20').catch((failure: unknown) => failure)
    const said = logs instanceof Error ? logs.message : (logs as Said).stdout
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error([cause, pods, said, ...(await this.warnings())].join('\n'))
  }

  /** Events that are no good sign of what was applied, one sentence each. */
  async warnings(): Promise<readonly string[]> {
    const { items } = await this.get<{
      readonly items: readonly {
        readonly involvedObject: { readonly kind: string; readonly name: string }
        readonly reason: string
        readonly message: string
      }[]
    }>('events', '--field-selector', 'type=Warning')
    return items
      .map(({ involvedObject: { kind, name }, reason, message }) => `${kind} ${name}: ${reason}: ${message}`)
      .filter((warning) => !ofTheCluster.some((pattern) => pattern.test(warning)))
  }

  /** Pods first: a namespace that has some is looked at again only when half of their grace has passed. */
  async remove(): Promise<void> {
    await this.kubectl('delete', 'deployments,statefulsets,pods', '--all', '--timeout=90s')
    await kubectl(['delete', 'namespace', this.name, '--wait=true', '--timeout=90s'])
  }
}
