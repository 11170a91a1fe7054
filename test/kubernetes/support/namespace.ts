import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { kubectl, type Said } from './kubectl.js'

/** The parts of Kubernetes objects that tests use. */
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

interface Event {
  readonly involvedObject: { readonly kind: string; readonly name: string }
  readonly reason: string
  readonly message: string
  readonly reportingComponent: string
  /** How many times it happened; absent for once. */
  readonly count?: number
}

/** Derive endpoints from pods, and write again after a conflict: nothing in an applied object makes them fail. */
const derivingControllers = [
  'endpoint-slice-controller',
  'endpoint-slice-mirroring-controller',
  'endpoints-controller',
]

/**
 * Messages that do not concern the objects: no metrics server; a kubelet, volume provisioner, scheduler or authorizer of nodes that is
 * slow on a busy machine (it tries again); a controller that loses a race and tries again; a namespace that is
 * still being filled; and the warning for a container that is still starting.
 */
const ofTheCluster = [
  /^HorizontalPodAutoscaler .*metric/,
  /failed to sync (configmap|secret) cache/,
  /unbound immediate PersistentVolumeClaims/,
  /no relationship found between node/,
  /the object has been modified/,
  /serviceaccount "default" not found|configmap "kube-root-ca\.crt" not found/,
  /Startup probe failed/,
]

/**
 * What is tried before the containers of a pod start, and again until it succeeds: a scheduler or a kubelet that has not heard of a
 * volume yet. Where the pods are ready it has succeeded.
 */
const beforeStart: ReadonlySet<string> = new Set([
  'FailedScheduling',
  'FailedMount',
  'FailedAttachVolume',
  'FailedCreatePodSandBox',
])

/** A probe by gRPC and one by HTTP that got no answer in time. */
const lateProbe = /(Readiness|Liveness) probe failed: (timeout|.*(deadline exceeded|Client\.Timeout))/

/** The exports' `failureThreshold` of probes: fewer probes without an answer in time change nothing. */
const failuresThatCount = 3

/** More than the grace period of any pod of the tests. */
const goneWithin = { timeout: 90_000, interval: 250 }

function concernsObjects(warning: string, { count = 1, reason, reportingComponent }: Event): boolean {
  if (derivingControllers.includes(reportingComponent) || beforeStart.has(reason)) return false
  if (lateProbe.test(warning)) return count >= failuresThatCount
  return !ofTheCluster.some((pattern) => pattern.test(warning))
}

/** A namespace for one test, deleted with its content at the end. */
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

  /** Pods of one workload that are not terminating. */
  async pods(app: string): Promise<readonly Pod[]> {
    const { items } = await this.get<{ readonly items: readonly Pod[] }>('pods', '--selector', `app=${app}`)
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }

  /**
   * Deletes pods and waits until they are gone.
   *
   * `kubectl delete` itself compares UIDs only before it watches, so it may wait for the successor of a StatefulSet's pod,
   * which has the same name.
   *
   * @param which Names, or `--all`, or `--selector` and labels.
   * @param options `force`: without time to drain, as when a node is lost.
   */
  async deletePods(which: readonly string[], { force = false } = {}): Promise<void> {
    const deleted = await this.#uids(which[0] === '--all' ? [] : which)
    const forced = force ? ['--force', '--grace-period=0'] : []
    await this.kubectl('delete', 'pods', ...which, ...forced, '--wait=false')
    await expect
      .poll(async () => {
        const left = await this.#uids([])
        return deleted.filter((uid) => left.includes(uid))
      }, goneWithin)
      .toEqual([])
  }

  async #uids(which: readonly string[]): Promise<readonly string[]> {
    const columns = 'custom-columns=:metadata.uid'
    const { stdout } = await this.kubectl('get', 'pods', ...which, '--no-headers', '--output', columns)
    return stdout.split('\n').filter((uid) => uid !== '')
  }

  /** Waits until all Deployments and StatefulSets are rolled out. */
  async ready(): Promise<void> {
    const { stdout } = await this.kubectl('get', 'deployments,statefulsets', '--output', 'name')
    for (const workload of stdout.trim().split('\n'))
      await this.kubectl('rollout', 'status', workload, '--timeout', '90s').catch((error: unknown) =>
        this.#explain(workload, error),
      )
  }

  /** The last output of its pods, and their description by the cluster. */
  async #explain(workload: string, error: unknown): Promise<never> {
    const { stdout: pods } = await this.kubectl('get', 'pods', '--output', 'wide')
    const logs = await this.kubectl('logs', workload, '--tail', '20').catch((failure: unknown) => failure)
    const said = logs instanceof Error ? logs.message : (logs as Said).stdout
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error([cause, pods, said, ...(await this.#warnings(() => true))].join('\n'))
  }

  /** Warning events that the applied objects are to blame for, one sentence each. Ask once all pods are ready. */
  warnings(): Promise<readonly string[]> {
    return this.#warnings(concernsObjects)
  }

  async #warnings(counts: typeof concernsObjects): Promise<readonly string[]> {
    const { items } = await this.get<{ readonly items: readonly Event[] }>(
      'events',
      '--field-selector',
      'type=Warning',
    )
    return items.flatMap((event) => {
      const { involvedObject, reason, message } = event
      const warning = `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`
      return counts(warning, event) ? [warning] : []
    })
  }

  /** Deletes pods first: otherwise the namespace controller waits for half of their grace period. */
  async remove(): Promise<void> {
    await this.kubectl('delete', 'deployments,statefulsets,pods', '--all', '--timeout=90s')
    await kubectl(['delete', 'namespace', this.name, '--wait=true', '--timeout=90s'])
  }
}
