import type { RolledOut, Scaled, ScaleRequest } from '../../control/controlled.js'
import type { FlowStatus } from '../../control/status.js'
import type { Container } from '../../docker-engine/container.js'
import { type Engine, hostOf } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import { containerEntry } from '../../containers/container-listeners.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import type { RemoteFlow, PlatformTools } from '../platform.js'
import { gatewayOf } from './gateway-view.js'
import { Healing } from './healing.js'
import type { ClientTls } from '../../tls/client-tls.js'
import type { TlsRules } from '../../gateway/tls/tls-rules.js'
import { type CertificateFile, renewCertificates } from '../certificates.js'
import { FlowNames } from './names.js'
import { certificateFile } from './render.js'
import { endReplica, replicasOf } from './replica.js'
import { rollingUpdate, scale, type ScaleTools } from './scale.js'
import { statusOf } from './status.js'
import { removeAll } from './start.js'

/** A Flow in containers of an engine. While this object is open, it restarts containers that die. */
export class EngineFlow implements RemoteFlow {
  readonly plan: FlowPlan
  readonly host: string
  readonly tls: ClientTls | null
  #stopRenewal: () => void = () => {}
  readonly #engine: Engine
  readonly #names: FlowNames
  readonly #healing: Healing
  readonly #tools: ScaleTools
  #turn: Promise<unknown> = Promise.resolve()

  /** @throws UNAVAILABLE when its gateway is not published */
  static async open(
    engine: Engine,
    {
      plan,
      gateway,
      tools,
      tls,
    }: {
      readonly plan: FlowPlan
      readonly gateway: Container
      readonly tools: PlatformTools
      readonly tls: ClientTls | null
    },
  ): Promise<EngineFlow> {
    const entry = containerEntry(plan.settings)
    const port = (await gateway.inspect())?.ports[entry.port]
    if (port === undefined) {
      throw new MillraceError(
        'UNAVAILABLE',
        `The gateway of Flow '${plan.settings.name}' has no port of the engine's machine.`,
      )
    }
    const host = `${entry.scheme}://${authority(hostOf(engine), port)}`
    const flow = new EngineFlow(engine, plan, { host, tools, tls })
    await flow.#healing.open()
    return flow
  }

  private constructor(
    engine: Engine,
    plan: FlowPlan,
    {
      host,
      tools,
      tls,
    }: { readonly host: string; readonly tools: PlatformTools; readonly tls: ClientTls | null },
  ) {
    this.plan = plan
    this.host = host
    this.tls = tls
    this.#engine = engine
    this.#names = new FlowNames(plan.settings.name)
    this.#healing = new Healing(engine, plan.settings.name, tools)
    this.#tools = { names: this.#names, report: (sentence) => tools.report(sentence) }
  }

  /** Copies files into the gateway's container when they change, until `close`; the gateway reads them again. */
  renewCertificates(tls: TlsRules | null): void {
    this.#stopRenewal = renewCertificates(tls, {
      report: (sentence) => this.#tools.report(sentence),
      write: (files) => this.writeCertificates(files),
    })
  }

  async writeCertificates(files: readonly CertificateFile[]): Promise<void> {
    const gateway = await gatewayOf(this.#engine, this.#names.flow)
    await gateway?.put(files.map(certificateFile), '/')
  }

  scale(stage: string, request: ScaleRequest): Promise<Scaled> {
    return this.#inTurn(() => scale(this.#engine, { ...request, stage }, this.#tools))
  }

  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>>): Promise<RolledOut> {
    return this.#inTurn(() => rollingUpdate(this.#engine, { stage, usesWith }, this.#tools))
  }

  status(): Promise<FlowStatus> {
    return statusOf(this.#engine, this.plan)
  }

  async close({ remove }: { readonly remove: boolean }): Promise<void> {
    this.#healing.close()
    this.#stopRenewal()
    await this.#turn
    if (remove) await this.#remove()
  }

  /** Stops the gateway first, so that requests in flight still reach their replicas. */
  async #remove(): Promise<void> {
    const { flow } = this.#names
    const { graceMs } = this.plan.settings
    const gateway = await gatewayOf(this.#engine, flow)
    if (gateway !== null) await endReplica(this.#engine, gateway, graceMs)
    const replicas = await replicasOf(this.#engine, flow)
    await Promise.all(replicas.map(({ container }) => endReplica(this.#engine, container, graceMs)))
    await removeAll(this.#engine, flow)
    const kept = replicas.flatMap(({ recipe }) =>
      (recipe.spec.mounts ?? []).flatMap((mount) => (mount.kind === 'volume' ? [mount.name] : [])),
    )
    if (kept.length > 0) {
      const names = [...new Set(kept)].join(' ')
      this.#tools.report(`The data is kept, in volumes; to remove it: docker volume rm ${names}`)
    }
  }

  /** Runs changes of replicas one at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}
