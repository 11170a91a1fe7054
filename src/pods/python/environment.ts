import { fileURLToPath } from 'node:url'
import { pythonLogging } from '../entries.js'
import { inheritedEnvironment } from '../environment.js'
import type { PodSpec } from '../pod.js'

/**
 * The environment of a Python pod: that of other pods, and what makes Jina log plain lines and send no telemetry, where the
 * program or the stage does not say otherwise.
 */
export function pythonEnvironment(spec: Pick<PodSpec, 'deployment' | 'env'>): NodeJS.ProcessEnv {
  return {
    JINA_LOG_CONFIG: fileURLToPath(pythonLogging),
    JINA_OPTOUT_TELEMETRY: '1',
    PYTHONUNBUFFERED: '1',
    ...inheritedEnvironment(spec),
    // a server in a cluster is known by this name (jina.md 8.2), and this pod is of another stage
    JINA_DEPLOYMENT_NAME: spec.deployment,
  }
}
