import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type Dockerode from 'dockerode'
import { withoutBrackets } from '../lib/authority.js'
import { MillraceError } from '../errors.js'
import { dockerFailure } from './failure.js'

/** A reachable Docker engine. */
export interface Engine {
  readonly docker: Dockerode
  /** In the form of DOCKER_HOST. */
  readonly address: string
  /** True when the engine is on this machine, so its containers can be reached at 127.0.0.1. */
  readonly isLocal: boolean
}

/** Minimum API version: Docker 20.10. */
const leastApi = [1, 41] as const

const advice =
  'Start Docker (Docker Desktop, or: sudo systemctl start docker), or name another engine in DOCKER_HOST ' +
  '(contexts of the docker command are not read).'

/**
 * Connects to the engine in DOCKER_HOST, else to the local one, with dockerode, an optional peer dependency.
 *
 * @throws MODULE_NOT_FOUND when dockerode is not installed, UNAVAILABLE when no engine answers, UNSUPPORTED when it is too old
 */
export async function connectEngine(env: NodeJS.ProcessEnv = process.env): Promise<Engine> {
  const Docker = await loadDockerode()
  const address = await addressOf(env)
  const docker = createClient(Docker, address, env)
  const version = await docker.version().catch((error: unknown) => {
    throw unreachable(address, env, error)
  })
  checkVersion(version)
  return { docker, address, isLocal: isLocal(address) }
}

type Load = () => Promise<{ readonly default: typeof Dockerode }>

/** @throws MODULE_NOT_FOUND */
export async function loadDockerode(load: Load = () => import('dockerode')): Promise<typeof Dockerode> {
  try {
    return (await load()).default
  } catch (error) {
    throw new MillraceError(
      'MODULE_NOT_FOUND',
      'Containers are started with dockerode, which is not installed: npm install dockerode@5.0.1',
      { cause: error },
    )
  }
}

/** @throws UNSUPPORTED */
export function checkVersion(version: { readonly Version: string; readonly ApiVersion: string }): void {
  const [major = 0, minor = 0] = version.ApiVersion.split('.').map(Number)
  if (major > leastApi[0] || (major === leastApi[0] && minor >= leastApi[1])) return
  throw new MillraceError(
    'UNSUPPORTED',
    `This Docker engine is version ${version.Version} with API ${version.ApiVersion}, and Millrace needs Docker 20.10 or newer (API ${leastApi.join('.')}). Update Docker.`,
  )
}

/** Docker Desktop has its socket in the home folder. */
async function addressOf(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.DOCKER_HOST) return env.DOCKER_HOST.includes('://') ? env.DOCKER_HOST : `tcp://${env.DOCKER_HOST}`
  if (process.platform === 'win32') return 'npipe:////./pipe/docker_engine'
  const own = path.join(homedir(), '.docker/run/docker.sock')
  const isThere = await access(own).then(
    () => true,
    () => false,
  )
  return `unix://${isThere ? own : '/var/run/docker.sock'}`
}

/** dockerode reads the TLS settings (DOCKER_CERT_PATH) itself. */
function createClient(Docker: typeof Dockerode, address: string, env: NodeJS.ProcessEnv): Dockerode {
  const [, socketPath] = /^(?:unix|npipe):\/\/(.+)$/.exec(address) ?? []
  if (socketPath !== undefined) return new Docker({ socketPath })
  if (env.DOCKER_TLS_VERIFY || env.DOCKER_CERT_PATH) return new Docker()
  let url: URL
  try {
    url = new URL(address)
  } catch (cause) {
    const message = `DOCKER_HOST must be like unix:///var/run/docker.sock or tcp://127.0.0.1:2375, not '${address}'.`
    throw new MillraceError('INVALID_OPTION', message, { cause })
  }
  if (url.protocol !== 'tcp:' && url.protocol !== 'http:') return new Docker()
  return new Docker({ protocol: 'http', host: withoutBrackets(url.hostname), port: Number(url.port || 2375) })
}

/** Host of its published ports, as reached from here. */
export function hostOf({ address, isLocal: isHere }: Engine): string {
  return isHere ? '127.0.0.1' : withoutBrackets(new URL(address).hostname)
}

function isLocal(address: string): boolean {
  return /^(unix|npipe):|^\w+:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(address)
}

function unreachable(address: string, env: NodeJS.ProcessEnv, error: unknown): MillraceError {
  const { code } = error as NodeJS.ErrnoException
  const from = env.DOCKER_HOST ? ' (DOCKER_HOST)' : ''
  if (code === 'EACCES') {
    return new MillraceError(
      'UNAVAILABLE',
      `This user may not use the Docker engine at ${address}${from}. Add the user to the group docker, or name another engine in DOCKER_HOST.`,
      { cause: error },
    )
  }
  const { message } = dockerFailure(error, '')
  return new MillraceError(
    'UNAVAILABLE',
    `No Docker engine answers at ${address}${from}: ${message} ${advice}`,
    {
      cause: error,
    },
  )
}
