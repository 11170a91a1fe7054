import { containerPaths } from '../../containers/container-paths.js'
import { healthCommand, healthFile, healthFileVariable } from '../../containers/health-file.js'
import { stopSeconds } from '../../containers/leaving.js'

export interface ServiceInit {
  readonly image: string
  readonly args: readonly string[]
  readonly replicas: number
  readonly graceMs: number
  readonly timeoutReadyMs: number
  /** Checksum of its configuration: Compose recreates containers when it changes. */
  readonly checksum: string
  readonly configs: readonly object[]
  readonly environment: Readonly<Record<string, string>>
  readonly volumes: readonly object[]
  /** tmpfs folders besides `/tmp`, lost with the container. */
  readonly tmpfs: readonly string[]
  readonly networks: readonly string[]
  /** Additional sections. */
  readonly more: object
  readonly deploy: object
}

/** A Compose service with hardening, restarts and a health check. */
export function service(init: ServiceInit): object {
  const { image, args, environment, volumes, networks, configs } = init
  return {
    image,
    entrypoint: ['millrace'],
    command: args.map(literally),
    environment: { [healthFileVariable]: healthFile, ...environment },
    ...(configs.length > 0 && { configs }),
    ...(volumes.length > 0 && { volumes }),
    tmpfs: [containerPaths.temporary, ...init.tmpfs],
    networks,
    ...init.more,
    deploy: { replicas: init.replicas, ...init.deploy },
    healthcheck: {
      test: ['CMD-SHELL', literally(healthCommand)],
      interval: '5s',
      timeout: '10s',
      retries: 3,
      ...(init.timeoutReadyMs >= 0 && { start_period: `${Math.ceil(init.timeoutReadyMs / 1000)}s` }),
    },
    restart: 'unless-stopped',
    stop_grace_period: `${stopSeconds(init.graceMs)}s`,
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    labels: { 'millrace.config': init.checksum },
  }
}

/** Escapes `$`: Compose would substitute `$NAME`. */
export function literally(text: string): string {
  return text.replaceAll('$', '$$$$')
}
