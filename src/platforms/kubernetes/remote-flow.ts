import type { RolledOut, Scaled, ScaleRequest } from '../../control/controlled.js'
import type { FlowStatus } from '../../control/status.js'
import { containerEntry } from '../../containers/container-listeners.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import type { RemoteFlow } from '../platform.js'
import type { ClientTls } from '../../tls/client-tls.js'
import type { TlsRules } from '../../gateway/tls/tls-rules.js'
import { type CertificateFile, renewCertificates } from '../certificates.js'
import type { Cluster } from './api/cluster.js'
import { certificateSecret, mountAgain } from './certificate-secret.js'
import { Forward } from './forward/forward.js'
import { applyAll } from './start/apply.js'
import { removeFlow } from './remove.js'
import { rollingUpdate } from './rollout.js'
import { type Running, scale } from './scale.js'
import { statusOf } from './status.js'
import { look } from './view.js'

export interface ClusterFlowInit extends Running {
  readonly plan: FlowPlan
  /** Null forwards a port through the API. */
  readonly address: string | null
  readonly tls: ClientTls | null
}

/** A Flow in a namespace of a cluster, with the connection to its gateway. */
export class ClusterFlow implements RemoteFlow {
  readonly plan: FlowPlan
  readonly host: string
  readonly tls: ClientTls | null
  #stopRenewal: () => void = () => {}
  readonly #cluster: Cluster
  readonly #running: Running
  readonly #forward: Forward | null

  static async open(cluster: Cluster, init: ClusterFlowInit): Promise<ClusterFlow> {
    const { port } = containerEntry(init.plan.settings)
    const forward = init.address === null ? await Forward.open(cluster, { ...init, port }) : null
    return new ClusterFlow(cluster, init, forward)
  }

  private constructor(
    cluster: Cluster,
    { plan, address, tls, ...running }: ClusterFlowInit,
    forward: Forward | null,
  ) {
    this.plan = plan
    this.tls = tls
    const { scheme } = containerEntry(plan.settings)
    this.host = forward === null ? withScheme(address!, scheme) : `${scheme}://127.0.0.1:${forward.port}`
    this.#cluster = cluster
    this.#running = running
    this.#forward = forward
  }

  /** Applies the Secret with the files when they change, until `close`; the gateway reads them again. */
  renewCertificates(tls: TlsRules | null): void {
    const { report } = this.#running
    this.#stopRenewal = renewCertificates(tls, { report, write: (files) => this.writeCertificates(files) })
  }

  async writeCertificates(files: readonly CertificateFile[]): Promise<void> {
    await applyAll(this.#cluster, [certificateSecret(this.plan, this.#running.namespace, files)])
    await mountAgain(this.#cluster, this.#running, files)
  }

  scale(stage: string, request: ScaleRequest): Promise<Scaled> {
    return scale(this.#cluster, this.#running, { ...request, stage })
  }

  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>>): Promise<RolledOut> {
    return rollingUpdate(this.#cluster, this.#running, { stage, usesWith })
  }

  async status(): Promise<FlowStatus> {
    const { namespace, flow } = this.#running
    const view = await look(this.#cluster, namespace, flow)
    const port = this.#forward?.port ?? null
    return statusOf({ plan: this.plan, view, namespace, port, now: Date.now() })
  }

  async close({ remove }: { readonly remove: boolean }): Promise<void> {
    this.#stopRenewal()
    try {
      if (remove) await removeFlow(this.#cluster, this.#running, this.plan.settings)
    } finally {
      // after the gateway, which answers through it
      await this.#forward?.close()
      this.#cluster.close()
    }
  }
}

function withScheme(address: string, scheme: string): string {
  return address.includes('://') ? address : `${scheme}://${address}`
}
