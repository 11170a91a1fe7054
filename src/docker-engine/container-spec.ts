import type Dockerode from 'dockerode'
import type { Labels } from './labels.js'
import { type Mount, mountsOf } from './mounts.js'

/** A container to create. */
export interface ContainerSpec {
  /** Default: chosen by the engine. */
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
  /** `limitsOf`, `gpusOf`, and other settings of the engine. */
  readonly host?: Dockerode.HostConfig
  /** Network to join, with DNS aliases. Default: the engine's default network, without aliases. */
  readonly network?: { readonly name: string; readonly aliases?: readonly string[] }
  /**
   * `'lifeline'`: standard input stays open while this program is attached (`Container.attach`), and closes when it exits.
   * Default `'none'`.
   */
  readonly stdin?: 'none' | 'lifeline'
  readonly healthcheck?: Dockerode.HealthConfig
}

export interface PublishedPort {
  /** Port of the container. */
  readonly port: number
  /** Address on the host; port 0 lets the engine choose. */
  readonly at: { readonly host: string; readonly port: number }
}

/** Converts a spec to the engine's options, with `no-new-privileges`. */
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
