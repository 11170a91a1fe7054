import type Dockerode from 'dockerode'
import type { Labels } from './labels.js'
import { type Mount, mountsOf } from './mounts.js'

/** A container to be made. */
export interface ContainerSpec {
  /** Default: the engine makes one up. */
  readonly name?: string
  readonly image: string
  /** Default: the image's. */
  readonly entrypoint?: readonly string[]
  /** Default: the image's. */
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly labels: Labels
  /** `1000:1000`. Default: the image's. */
  readonly user?: string
  readonly publish?: readonly PublishedPort[]
  readonly mounts?: readonly Mount[]
  /** `limitsOf` and `gpusOf`, and what else the engine knows. */
  readonly host?: Dockerode.HostConfig
  /** Name of a network, with names by which others find it there. Default: the engine's own, without names. */
  readonly network?: { readonly name: string; readonly aliases?: readonly string[] }
  /**
   * `'lifeline'`: kept open as long as this program holds it (`Container.attach`), and closed with the first holder.
   * Default `'none'`.
   */
  readonly stdin?: 'none' | 'lifeline'
  readonly healthcheck?: Dockerode.HealthConfig
}

export interface PublishedPort {
  /** Of the container. */
  readonly port: number
  /** Of this machine; 0 lets the engine choose. */
  readonly at: { readonly host: string; readonly port: number }
}

/** As the engine takes it. Nothing in it may gain rights beyond what it starts with. */
export function createOptions(spec: ContainerSpec): Dockerode.ContainerCreateOptions {
  const { name, image, entrypoint, command, env = {}, labels, user, publish = [], mounts = [] } = spec
  const { network, healthcheck, stdin = 'none' } = spec
  const isHeld = stdin === 'lifeline'
  return {
    ...(name !== undefined && { name }),
    Image: image,
    ...(entrypoint !== undefined && { Entrypoint: [...entrypoint] }),
    ...(command !== undefined && { Cmd: [...command] }),
    Env: Object.entries(env).map(([variable, value]) => `${variable}=${value}`),
    Labels: { ...labels },
    ...(user !== undefined && { User: user }),
    ...{ OpenStdin: isHeld, StdinOnce: isHeld, AttachStdin: isHeld, Tty: false },
    ExposedPorts: Object.fromEntries(publish.map(({ port }) => [`${port}/tcp`, {}])),
    ...(healthcheck !== undefined && { Healthcheck: healthcheck }),
    HostConfig: {
      SecurityOpt: ['no-new-privileges:true'],
      ...spec.host,
      Mounts: mountsOf(mounts),
      PortBindings: Object.fromEntries(
        publish.map(({ port, at }) => [`${port}/tcp`, [{ HostIp: at.host, HostPort: String(at.port) }]]),
      ),
      ...(network !== undefined && { NetworkMode: network.name }),
    },
    ...(network !== undefined && {
      NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: [...(network.aliases ?? [])] } } },
    }),
  }
}
