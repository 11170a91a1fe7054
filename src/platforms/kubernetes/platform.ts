import { beginRenewal } from '../certificates.js'
import type { Platform } from '../platform.js'
import { renewedRules } from '../renewed-files.js'
import { Cluster } from './api/cluster.js'
import { checkAttached, findFlow, listFlows, statusIn } from './attach.js'
import { ClusterFlow } from './remote-flow.js'
import { nextChange } from './next-change.js'
import { outputOf } from './output.js'
import {
  type KubernetesAttachOptions,
  kubernetesAttachOptions,
  type KubernetesStartOptions,
  kubernetesStartOptions,
} from './options.js'
import { deploy, render } from './start/deploy.js'

/** Runs a Flow in a namespace of a cluster. */
export const kubernetes: Platform<KubernetesStartOptions, KubernetesAttachOptions> = {
  startOptions: kubernetesStartOptions,
  attachOptions: kubernetesAttachOptions,

  async start(plan, options, tools) {
    const rendered = await render(plan, options)
    const cluster = await Cluster.connect(options)
    return closeUnless(cluster, () => deploy(cluster, rendered, tools))
  },

  async attach(options, { report }) {
    const cluster = await Cluster.connect(options)
    return closeUnless(cluster, async () => {
      const namespace = options.namespace ?? cluster.namespace
      const { flow, plan, view } = await findFlow(cluster, namespace)
      checkAttached(namespace, view.controllers)
      const timeoutMs =
        plan.settings.timeoutReadyMs < 0 ? Number.POSITIVE_INFINITY : plan.settings.timeoutReadyMs
      const { address, tls } = options
      const renewed = renewedRules(plan, options.renew)
      const opened = await ClusterFlow.open(cluster, {
        plan,
        namespace,
        flow,
        timeoutMs,
        report,
        address,
        tls,
      })
      return beginRenewal(opened, renewed)
    })
  },

  async list(options) {
    const cluster = await Cluster.connect(options)
    try {
      return await listFlows(cluster, options.namespace)
    } finally {
      cluster.close()
    }
  },

  async observe(options) {
    const cluster = await Cluster.connect(options)
    const namespace = options.namespace ?? cluster.namespace
    return {
      status: () => statusIn(cluster, namespace),
      changed: (signal) => nextChange(cluster, namespace, signal),
      close: () => cluster.close(),
    }
  },

  async output(options) {
    const cluster = await Cluster.connect(options)
    return closeUnless(cluster, async () => {
      const namespace = options.namespace ?? cluster.namespace
      const { flow } = await findFlow(cluster, namespace)
      return outputOf(cluster, namespace, flow)
    })
  },
}

/** Closes the connection to the cluster when `begin` fails. */
async function closeUnless<T>(cluster: Cluster, begin: () => Promise<T>): Promise<T> {
  try {
    return await begin()
  } catch (error) {
    cluster.close()
    throw error
  }
}
