import { MillraceError } from '../errors.js'
import { type Construction, constructWith } from '../executor/construction.js'
import { type Executor, type ExecutorClass, isBaseClass } from '../executor/executor.js'
import type { ExecutorSpec } from './spec.js'

/** What the start of a replica is at. */
export type StartStep = 'loading' | 'constructing' | 'warming-up'

/**
 * Constructs the executor of a replica. Throws START_FAILED with the constructor's own message and stack, and
 * WORKSPACE_CONFLICT when its workspace is refused.
 */
export function constructExecutor(
  Class: ExecutorClass,
  spec: ExecutorSpec,
  tools: Pick<Construction, 'requests' | 'logger' | 'metrics'>,
): Executor {
  const { podName: name, deployment, replica, replicas, shardId, shards, workspace, holder } = spec
  const construction: Construction = {
    metas: {
      name: isBaseClass(Class) ? 'Executor' : Class.name,
      description: '',
      workspace: '',
      ...spec.usesMetas,
    },
    runtimeArgs: { name, deployment, replica, replicas, shardId, shards, workspace },
    ...tools,
    holder,
    defaultWorkspace: spec.defaultWorkspace,
  }
  try {
    return constructWith(construction, () => new Class({ ...spec.usesWith }))
  } catch (cause) {
    throw notStarted(`The constructor of ${Class.name}`, cause)
  }
}

/** Runs the executor's `warmUp()`. Rejects like `constructExecutor`, after closing the executor. */
export async function warmUp(executor: Executor): Promise<void> {
  try {
    await executor.warmUp?.() // an executor of an older copy of the package has none
  } catch (cause) {
    await closeQuietly(executor)
    throw notStarted(`warmUp() of ${executor.constructor.name}`, cause)
  }
}

/** Closes the executor; its errors are ignored, because the error of the start matters more. */
async function closeQuietly(executor: Executor): Promise<void> {
  try {
    await executor.close()
  } catch {
    // see above
  }
}

function notStarted(what: string, cause: unknown): MillraceError {
  if (MillraceError.is(cause)) return cause
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  const error = new MillraceError('START_FAILED', `${what} threw ${reason}`, { cause })
  // the relevant position is where it failed
  if (cause instanceof Error && cause.stack !== undefined)
    error.stack = `${error.name}: ${error.message}\n${cause.stack}`
  return error
}
