import { healthCommand } from '../../containers/health-file.js'
import type { TlsRules } from '../../gateway/tls/tls-rules.js'
import type { Liveness } from '../../plan/resilience.js'
import type { NamedPort } from './ports.js'

const startupPeriod = 1
const livenessPeriod = 10
/** Failure threshold of the startup probe without a start timeout (as Jina). */
const forEver = 600_000

export interface Probed {
  readonly ports: readonly NamedPort[]
  readonly timeoutReadyMs: number
  readonly liveness: Liveness | null
  /** TLS of the ports; null for none. */
  readonly tls: TlsRules | null
}

/**
 * Probes by the kubelet, which start no process in the container: of `grpc.health.v1` at the first port that speaks gRPC, else
 * by HTTP. They name no host: the kubelet uses the pod's primary address, which may be an IPv6 address.
 *
 * The kubelet speaks no gRPC over TLS, and has no certificate of its own. With TLS it asks by HTTPS, and where that is not
 * possible it looks at the age of the health file.
 */
export function probes(probed: Probed): object {
  const { timeoutReadyMs, liveness } = probed
  const ready = checkOf(probed, '/health/ready')
  const startFailures = timeoutReadyMs < 0 ? forEver : failures(timeoutReadyMs, startupPeriod)
  return {
    startupProbe: {
      ...ready,
      periodSeconds: startupPeriod,
      timeoutSeconds: 1,
      failureThreshold: startFailures,
    },
    readinessProbe: { ...ready, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    ...(liveness !== null && { livenessProbe: livenessProbe(checkOf(probed, '/health/live'), liveness) }),
  }
}

/** Whether the probes look at the health file. */
export function probesFile({ ports, tls }: Pick<Probed, 'ports' | 'tls'>): boolean {
  return tls !== null && (tls.clientCertificate === 'require' || httpOf(ports) === undefined)
}

/** A port that answers health checks over HTTP; one of WebSocket does too. */
function httpOf(ports: readonly NamedPort[]): NamedPort | undefined {
  return ports.find(({ protocols }) => protocols.some((name) => name !== 'grpc'))
}

/** What a probe does; `path` is used for HTTP only. */
function checkOf(probed: Probed, path: string): object {
  const { ports, tls } = probed
  if (probesFile(probed)) return { exec: { command: ['sh', '-c', healthCommand] } }
  if (tls !== null) return { httpGet: { path, port: httpOf(ports)!.port, scheme: 'HTTPS' } }
  const grpc = ports.find(({ protocols }) => protocols.includes('grpc'))
  return grpc === undefined ? { httpGet: { path, port: ports[0]!.port } } : { grpc: { port: grpc.port } }
}

/** The liveness probe allows `busyMs` of computation without an answer. */
function livenessProbe(check: object, { timeoutMs, busyMs }: Liveness): object {
  return {
    ...check,
    periodSeconds: livenessPeriod,
    timeoutSeconds: Math.min(livenessPeriod, Math.max(1, Math.ceil(timeoutMs / 1000))),
    failureThreshold: failures(busyMs, livenessPeriod),
  }
}

/** Failures in a row that fill the time; at least Kubernetes' default of three. */
function failures(ms: number, periodSeconds: number): number {
  return Math.min(forEver, Math.max(3, Math.ceil(ms / 1000 / periodSeconds)))
}
