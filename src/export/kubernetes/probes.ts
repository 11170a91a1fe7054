import type { Liveness } from '../../plan/resilience.js'
import type { NamedPort } from './ports.js'

const startupPeriod = 1
const livenessPeriod = 10
/** Failure threshold of the startup probe without a start timeout (as Jina). */
const forEver = 600_000

export interface Probed {
  /** The first port speaks gRPC. */
  readonly ports: readonly NamedPort[]
  readonly timeoutReadyMs: number
  readonly liveness: Liveness | null
}

/**
 * A `grpc.health.v1` probe by the kubelet, which starts no process in the container. It names no host: the kubelet uses the
 * pod's primary address, which may be an IPv6 address.
 */
export function probes({ ports, timeoutReadyMs, liveness }: Probed): object {
  const grpc = { port: ports[0]!.port }
  const startFailures = timeoutReadyMs < 0 ? forEver : failures(timeoutReadyMs, startupPeriod)
  return {
    startupProbe: { grpc, periodSeconds: startupPeriod, timeoutSeconds: 1, failureThreshold: startFailures },
    readinessProbe: { grpc, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    ...(liveness !== null && { livenessProbe: livenessProbe(grpc, liveness) }),
  }
}

/** The liveness probe allows `busyMs` of computation without an answer. */
function livenessProbe(grpc: object, { timeoutMs, busyMs }: Liveness): object {
  return {
    grpc,
    periodSeconds: livenessPeriod,
    timeoutSeconds: Math.min(livenessPeriod, Math.max(1, Math.ceil(timeoutMs / 1000))),
    failureThreshold: failures(busyMs, livenessPeriod),
  }
}

/** Failures in a row that fill the time; at least Kubernetes' default of three. */
function failures(ms: number, periodSeconds: number): number {
  return Math.min(forEver, Math.max(3, Math.ceil(ms / 1000 / periodSeconds)))
}
