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
}

/**
 * Probes by the kubelet, which start no process in the container: of `grpc.health.v1` at the first port that speaks gRPC, else
 * by HTTP. They name no host: the kubelet uses the pod's primary address, which may be an IPv6 address.
 */
export function probes({ ports, timeoutReadyMs, liveness }: Probed): object {
  const ready = checkOf(ports, '/health/ready')
  const startFailures = timeoutReadyMs < 0 ? forEver : failures(timeoutReadyMs, startupPeriod)
  return {
    startupProbe: {
      ...ready,
      periodSeconds: startupPeriod,
      timeoutSeconds: 1,
      failureThreshold: startFailures,
    },
    readinessProbe: { ...ready, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    ...(liveness !== null && { livenessProbe: livenessProbe(checkOf(ports, '/health/live'), liveness) }),
  }
}

/** What a probe does; `path` is used for HTTP only. */
function checkOf(ports: readonly NamedPort[], path: string): object {
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
