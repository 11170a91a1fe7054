import { MillraceError } from '../../errors.js'
import { tokenVariable } from '../../containers/container-auth.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import type { KubernetesObject } from './object.js'
import { flowLabel } from './part.js'

/**
 * Tells Prometheus Operator to scrape the port `metrics` of all Services of the Flow. With `metrics.auth` it sends the first token
 * of the Secret of the gateway. The labels `pod` of Millrace become `exported_pod`: Prometheus sets `pod` to that of Kubernetes.
 * https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
 *
 * @throws INVALID_OPTION when the Flow has no metrics
 */
export function serviceMonitor({ settings }: FlowPlan, namespace: string): KubernetesObject {
  if (settings.metrics === null) {
    throw new MillraceError(
      'INVALID_OPTION',
      'serviceMonitor (--service-monitor): the Flow has no metrics to scrape. Set metrics: true in the Flow.',
    )
  }
  const flow = flowLabel(settings.name)
  const variable = settings.metrics.auth ? tokenVariable(settings.auth) : null
  const credentials =
    variable === null ? {} : { authorization: { credentials: { name: 'gateway-auth', key: variable } } }
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: flow, namespace, labels: { 'app.kubernetes.io/part-of': flow } },
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/part-of': flow } },
      endpoints: [{ port: 'metrics', path: '/metrics', ...credentials }],
    },
  }
}
