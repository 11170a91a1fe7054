import { flowIdVariable } from '../../workspace/flow-id.js'
import { ownWorkspaceVariable } from '../../workspace/own-workspace.js'
import type { SecretKey } from '../../plan/container.js'
import type { Liveness } from '../../plan/resilience.js'
import { containerPaths, containerPort } from '../../containers/container-paths.js'
import { stopSeconds } from '../../containers/leaving.js'
import { metadata, type Part, selector } from './part.js'
import { probes } from './probes.js'
import type { Account } from './service-accounts.js'

/** The user `node` of Node's images. */
const user = 1000

export interface PodTemplate {
  readonly part: Part
  readonly container: 'executor' | 'gateway'
  readonly image: string
  readonly args: readonly string[]
  readonly graceMs: number
  readonly timeoutReadyMs: number
  readonly liveness: Liveness | null
  /** Whether the part has a ConfigMap of its environment, and one of files. */
  readonly maps: { readonly environment: boolean; readonly files: boolean }
  /** Of both; other pods come when it changes. */
  readonly checksum: string
  /** By variable the secret and its key. */
  readonly secrets: Readonly<Record<string, SecretKey>>
  readonly isStateful: boolean
  /** Who has the pod's workspace: it alone though it has siblings, all of the shard, or there is one pod. */
  readonly workspace: 'own' | 'shared' | 'sole'
  readonly resources: object
  readonly imagePullSecrets: readonly string[]
  readonly account: Account
  /** Seconds between the order to end and SIGTERM. */
  readonly leaveSeconds: number
  /** Volumes of the pod's own; claims are not among them. */
  readonly volumes: readonly object[]
  readonly mounts: readonly object[]
}

export function podTemplate(template: PodTemplate): object {
  const { part, imagePullSecrets, graceMs, maps, account, leaveSeconds } = template
  const files = maps.files ? [{ name: 'config', configMap: { name: `${part.name}-files` } }] : []
  return {
    metadata: {
      labels: metadata(part).labels,
      annotations: {
        'kubectl.kubernetes.io/default-container': template.container,
        'checksum/config': template.checksum,
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

function container(template: PodTemplate): object {
  const { part, maps, resources, leaveSeconds } = template
  const files = maps.files ? [{ name: 'config', mountPath: containerPaths.config, readOnly: true }] : []
  return {
    name: template.container,
    image: template.image,
    imagePullPolicy: 'IfNotPresent',
    // what it wrote last is kept in the pod's status, after its log is gone
    terminationMessagePolicy: 'FallbackToLogsOnError',
    command: ['millrace'],
    args: template.args.map(literally),
    ports: [{ name: 'port', containerPort, protocol: 'TCP' }],
    ...(maps.environment && { envFrom: [{ configMapRef: { name: `${part.name}-configmap` } }] }),
    env: environment(template),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...probes(template.timeoutReadyMs, template.liveness),
    ...(leaveSeconds > 0 && { lifecycle: { preStop: wait(leaveSeconds) } }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'tmp', mountPath: containerPaths.temporary }, ...files, ...template.mounts],
  }
}

/** By a program that each of our images has, unlike `sleep`; Kubernetes' own waiting came with 1.30. */
function wait(seconds: number): object {
  return { exec: { command: ['node', '-e', `setTimeout(() => {}, ${seconds * 1000})`] } }
}

/** Who and where it is, as Jina tells its pods, and what comes from secrets. */
function environment({ part, secrets, isStateful, workspace }: PodTemplate): readonly object[] {
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
    // there is one of that name at most: the pod that replaces it goes on with its workspace, however it ended
    ...(isStateful ? [{ name: flowIdVariable, value: '$(K8S_NAMESPACE_NAME)/$(K8S_POD_NAME)' }] : []),
    // all pods of a shard go on together
    ...(workspace === 'shared'
      ? [{ name: flowIdVariable, value: `$(K8S_NAMESPACE_NAME)/${part.name}` }]
      : []),
    ...(workspace === 'own' ? [{ name: ownWorkspaceVariable, value: '1' }] : []),
    ...Object.entries(secrets).map(([variable, secretKeyRef]) => ({
      name: variable,
      valueFrom: { secretKeyRef },
    })),
  ]
}

/** Kubernetes would replace `$(NAME)`. */
function literally(argument: string): string {
  return argument.replaceAll('$(', '$$$$(')
}
