import type { ContainerSpec } from '../../docker-engine/container-spec.js'
import type { ImageFacts } from '../../docker-engine/image.js'
import { labelNames, ownerLabels } from '../../docker-engine/labels.js'
import { gpusOf, limitsOf } from '../../docker-engine/limits.js'
import { secretsOf } from '../../docker-engine/secrets.js'
import { containerPort } from '../../containers/container-paths.js'
import type { PodContainer, PodSpec } from '../pod.js'
import { type Invocation, invocationOf } from './arguments.js'
import { type Inside, insideVariable } from './inside.js'
import type { PodMounts } from './mounts.js'

interface Given {
  readonly spec: PodSpec
  readonly container: PodContainer
  readonly image: ImageFacts
  readonly podMounts: PodMounts
  /** Prefix of lines in which Millrace in the container reports events to this program. */
  readonly mark: string
}

/**
 * The container of a pod, and how its image is started.
 *
 * @throws INVALID_OPTION for a secret that is not in this program's environment
 */
export function containerOfPod({ spec, container, image, podMounts, mark }: Given): {
  readonly made: ContainerSpec
  readonly invocation: Invocation
} {
  const { name, deployment, env, replica, executor } = spec
  const { mounts, workspace, user, holder } = podMounts
  const invocation = invocationOf(image, { spec, container, workspace })
  const inside: Inside = { mark, replica, replicas: executor.replicas, holder }
  const slug = `millrace-${container.flow}-${name}`.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 100)
  const made: ContainerSpec = {
    name: `${slug}-${mark.slice(0, 8)}`,
    image: container.image,
    ...(invocation.entrypoint !== null && { entrypoint: invocation.entrypoint }),
    ...(invocation.command !== null && { command: invocation.command }),
    env: {
      ...env,
      ...secretsOf(deployment, container.envFromSecret),
      [insideVariable]: JSON.stringify(inside),
    },
    labels: {
      [labelNames.flow]: container.flow,
      [labelNames.stage]: deployment,
      [labelNames.pod]: name,
      ...ownerLabels(),
    },
    ...(user !== null && { user }),
    mounts,
    publish: [{ port: containerPort, at: { host: '127.0.0.1', port: 0 } }],
    host: {
      ...limitsOf(container.resources),
      ...gpusOf(container.gpus),
      ExtraHosts: ['host.docker.internal:host-gateway'],
    },
    stdin: 'lifeline',
  }
  return { made, invocation }
}
