import { containerPort } from '../../containers/container-paths.js'
import type { Liveness } from '../../plan/resilience.js'

const grpc = { port: containerPort }
const startupPeriod = 1
const livenessPeriod = 10
/** Failures after which a container that never gets ready is given up where nobody wants a limit (as Jina). */
const forEver = 600_000

/** `grpc.health.v1`, asked by the kubelet itself: nothing is started in the container for it. */
export function probes(timeoutReadyMs: number, liveness: Liveness | null): object {
  const startFailures = timeoutReadyMs < 0 ? forEver : failures(timeoutReadyMs, startupPeriod)
  return {
    startupProbe: { grpc, periodSeconds: startupPeriod, timeoutSeconds: 1, failureThreshold: startFailures },
    readinessProbe: { grpc, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    ...(liveness !== null && { livenessProbe: livenessProbe(liveness) }),
  }
}

/** A replica may compute for `busyMs` without an answer. */
function livenessProbe({ timeoutMs, busyMs }: Liveness): object {
  return {
    grpc,
    periodSeconds: livenessPeriod,
    timeoutSeconds: Math.min(livenessPeriod, Math.max(1, Math.ceil(timeoutMs / 1000))),
    failureThreshold: failures(busyMs, livenessPeriod),
  }
}

/** As many in a row as fill the time; at least Kubernetes' own three. */
function failures(ms: number, periodSeconds: number): number {
  return Math.min(forEver, Math.max(3, Math.ceil(ms / 1000 / periodSeconds)))
}
