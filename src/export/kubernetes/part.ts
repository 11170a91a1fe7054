import type { FlowPlan } from '../../plan/flow-plan.js'
import { dnsName, labelValue } from '../../containers/names.js'
import type { Workload } from '../../containers/workload.js'
import type { Metadata } from './object.js'

/** Common properties of the objects of one shard, or of the gateway. */
export interface Part {
  /** Name of its Service and of its controller. */
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** A shard's part, with Jina's labels (jina.md 6.4) and those that Kubernetes recommends. */
export function workloadPart(plan: FlowPlan, { name, stage, shardId }: Workload, namespace: string): Part {
  const labels = {
    jina_deployment_name: stage.name,
    shard_id: String(shardId),
    pod_type: 'WORKER',
    'app.kubernetes.io/component': 'executor',
  }
  return part(plan, { name, namespace, labels })
}

/** The gateway's part, with the same labels. */
export function gatewayPart(plan: FlowPlan, namespace: string): Part {
  const labels = {
    jina_deployment_name: 'gateway',
    shard_id: '',
    pod_type: 'GATEWAY',
    'app.kubernetes.io/component': 'gateway',
  }
  return part(plan, { name: 'gateway', namespace, labels })
}

function part({ settings }: FlowPlan, { name, namespace, labels }: Part): Part {
  const flow = flowLabel(settings.name)
  const common = {
    app: name,
    ...labels,
    ns: namespace,
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/instance': flow,
    'app.kubernetes.io/part-of': flow,
    'app.kubernetes.io/managed-by': 'millrace',
  }
  return { name, namespace, labels: common }
}

/** The Flow that an object belongs to, for its labels. */
export function flowLabel(name: string): string {
  return labelValue(name) || 'flow'
}

/** Metadata of an object of a part; `suffix` is appended to its name. */
export function metadata({ name, namespace, labels }: Part, suffix = ''): Metadata {
  return { name: `${name}${suffix}`, namespace, labels }
}

/** Label selector for the pods. */
export function selector({ name }: Part): Readonly<Record<string, string>> {
  return { app: name }
}

/** The Flow's name, or `default` when it has no name of its own. */
export function defaultNamespace({ settings }: FlowPlan): string {
  return settings.name === 'flow' ? 'default' : dnsName(settings.name)
}
