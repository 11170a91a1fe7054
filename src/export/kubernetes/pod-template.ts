import { flowIdVariable } from '../../workspace/flow-id.js'
import { ownWorkspaceVariable } from '../../workspace/own-workspace.js'
import type { SecretKey } from '../../plan/container.js'
import type { TlsRules } from '../../gateway/tls/tls-rules.js'
import type { Liveness } from '../../plan/resilience.js'
import { containerPaths } from '../../containers/container-paths.js'
import { healthFile, healthFileVariable } from '../../containers/health-file.js'
import { stopSeconds } from '../../containers/leaving.js'
import { metadata, type Part, selector } from './part.js'
import { metricsPorts, type NamedPort } from './ports.js'
import { probes, probesFile } from './probes.js'
import type { Account } from './service-accounts.js'

/** The user `node` of Node's images. */
const user = 1000

/** What the pod template of a shard or of the gateway depends on. */
export interface PodTemplate {
  readonly part: Part
  readonly container: 'executor' | 'gateway'
  readonly image: string
  readonly ports: readonly NamedPort[]
  /** Port of the metrics; null when there are none. */
  readonly metricsPort: number | null
  readonly args: readonly string[]
  readonly graceMs: number
  readonly timeoutReadyMs: number
  readonly liveness: Liveness | null
  /** TLS of the ports; null for none. */
  readonly tls: TlsRules | null
  /** Which ConfigMaps the part has: one for its environment, one for its files. */
  readonly maps: { readonly environment: boolean; readonly files: boolean }
  /** Checksum of both ConfigMaps; pods are replaced when it changes. */
  readonly checksum: string
  /** Secret and key by variable. */
  readonly secrets: Readonly<Record<string, SecretKey>>
  readonly isStateful: boolean
  /** Which pods use the workspace: only this one of several, all pods of the shard, or the only pod. */
  readonly workspace: 'own' | 'shared' | 'sole'
  readonly resources: object
  readonly imagePullSecrets: readonly string[]
  readonly account: Account
  /** Seconds between termination and SIGTERM. */
  readonly leaveSeconds: number
  /** Volumes of the pod, without claim templates. */
  readonly volumes: readonly object[]
  readonly mounts: readonly object[]
}

/** The `template` of a Deployment or StatefulSet, with one hardened container. */
export function podTemplate(template: PodTemplate): object {
  const { part, imagePullSecrets, graceMs, maps, account, leaveSeconds } = template
  const files = maps.files ? [{ name: 'config', configMap: { name: `${part.name}-files` } }] : []
  return {
    metadata: {
      labels: metadata(part).labels,
      annotations: {
        'kubectl.kubernetes.io/default-container': template.container,
        'checksum/config': template.checksum,
        ...scrapeAnnotations(template.metricsPort),
      },
    },
    spec: {
      serviceAccountName: account.name,
      automountServiceAccountToken: account.hasToken,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: leaveSeconds + stopSeconds(graceMs),
      ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
        (topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: selector(part) },
        }),
      ),
      containers: [container(template)],
      volumes: [{ name: 'tmp', emptyDir: {} }, ...files, ...template.volumes],
    },
  }
}

/** The annotations by which a Prometheus without an operator finds pods. */
function scrapeAnnotations(port: number | null): Readonly<Record<string, string>> {
  if (port === null) return {}
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(port),
    'prometheus.io/path': '/metrics',
  }
}

function container(template: PodTemplate): object {
  const { part, maps, resources, leaveSeconds } = template
  const files = maps.files ? [{ name: 'config', mountPath: containerPaths.config, readOnly: true }] : []
  return {
    name: template.container,
    image: template.image,
    imagePullPolicy: 'IfNotPresent',
    // keeps the last output in the pod's status, where it outlives the log
    terminationMessagePolicy: 'FallbackToLogsOnError',
    command: ['millrace'],
    args: template.args.map(literally),
    ports: [...template.ports, ...metricsPorts(template.metricsPort)].map(({ name, port }) => ({
      name,
      containerPort: port,
      protocol: 'TCP',
    })),
    ...(maps.environment && { envFrom: [{ configMapRef: { name: `${part.name}-configmap` } }] }),
    env: environment(template),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...probes(template),
    ...(leaveSeconds > 0 && { lifecycle: { preStop: wait(leaveSeconds) } }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'tmp', mountPath: containerPaths.temporary }, ...files, ...template.mounts],
  }
}

/** Waits with `node`, which every image has, unlike `sleep`. (Kubernetes has a built-in sleep action only since 1.30.) */
function wait(seconds: number): object {
  return { exec: { command: ['node', '-e', `setTimeout(() => {}, ${seconds * 1000})`] } }
}

/** Identity of the pod in Jina's variables, and variables from secrets. */
function environment(template: PodTemplate): readonly object[] {
  const { part, secrets, isStateful, workspace } = template
  const field = (variable: string, fieldPath: string): object => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  })
  return [
    field('POD_UID', 'metadata.uid'),
    { name: 'JINA_DEPLOYMENT_NAME', value: part.name },
    { name: isStateful ? 'K8S_STATEFULSET_NAME' : 'K8S_DEPLOYMENT_NAME', value: part.name },
    field('K8S_NAMESPACE_NAME', 'metadata.namespace'),
    field('K8S_POD_NAME', 'metadata.name'),
    // a StatefulSet has at most one pod of a name, so a pod's successor may take over the workspace at once
    ...(isStateful ? [{ name: flowIdVariable, value: '$(K8S_NAMESPACE_NAME)/$(K8S_POD_NAME)' }] : []),
    // all pods of a shard share the workspace
    ...(workspace === 'shared'
      ? [{ name: flowIdVariable, value: `$(K8S_NAMESPACE_NAME)/${part.name}` }]
      : []),
    ...(probesFile(template) ? [{ name: healthFileVariable, value: healthFile }] : []),
    ...(workspace === 'own' ? [{ name: ownWorkspaceVariable, value: '1' }] : []),
    ...Object.entries(secrets).map(([variable, secretKeyRef]) => ({
      name: variable,
      valueFrom: { secretKeyRef },
    })),
  ]
}

/** Escapes `$`: Kubernetes substitutes `$(NAME)`, and makes `$$` one `$`. */
function literally(argument: string): string {
  return argument.replaceAll('$', '$$$$')
}
