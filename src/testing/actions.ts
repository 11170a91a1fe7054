import { AssertionError } from 'node:assert'
import { Document } from '../document/index.js'
import { type ErrorCode, MillraceError } from '../errors.js'
import { burst, type BurstOptions } from './burst.js'
import type { Hit } from './faults.js'
import { pause } from './pause.js'
import type { Scene } from './zero-loss.js'

/** A possible step of a random script. */
export interface Action {
  readonly name: string
  /** `choice`, in [0, 1), is part of the script, so that the action decides the same way in each replay. */
  run(scene: Scene, choice: number): unknown
}

/**
 * Steps for random scripts. A fault hits a random pod of the stage, or none when no pod takes requests at that time.
 *
 * @example
 * const script = randomScript({ seed: 7, actions: [actions.kill('encoder'), actions.scale('encoder', [1, 4])] })
 */
export const actions = {
  /** Scales to a number of replicas in the range. */
  scale(stage: string, [least, most]: readonly [number, number]): Action {
    return {
      name: `scale ${stage}`,
      async run({ flow, note }, choice) {
        const replicas = least + Math.floor(choice * (most - least + 1))
        const { from, to } = await flow.scale(stage, { replicas })
        note(`scaled ${stage} from ${from} to ${to}, asked for ${replicas}`)
      },
    }
  },

  /** Rolling update; by default with the same options. */
  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>> = {}): Action {
    return {
      name: `rolling update of ${stage}`,
      async run({ flow, note }) {
        const { replaced } = await flow.rollingUpdate(stage, { usesWith })
        note(`replaced ${replaced} of ${stage}`)
      },
    }
  },

  /** Kills a pod with SIGKILL. */
  kill: (stage: string): Action => fault(`kill ${stage}`, ({ faults }) => faults.kill(stage)),

  /** Sends SIGTERM to a pod, which drains and exits. */
  terminate: (stage: string): Action => fault(`terminate ${stage}`, ({ faults }) => faults.terminate(stage)),

  /** Freezes a pod, and thaws it after a time in the range unless it was replaced by then. */
  freeze(stage: string, [least, most]: readonly [number, number] = [100, 3000]): Action {
    return fault(`freeze ${stage}`, async ({ faults, signal }, choice) => {
      const { pod } = faults.freeze(stage)
      await pause(least + choice * (most - least), signal)
      if (!signal.aborted) faults.thaw(stage, { pod })
    })
  },

  /** Blocks the thread of a pod for `ms` milliseconds. */
  block: (stage: string, ms: number): Action =>
    fault(`block ${stage}`, ({ faults }) => faults.block(stage, ms)),

  /** Fills the memory of a pod until it ends. */
  outOfMemory: (stage: string): Action =>
    fault(`out of memory in ${stage}`, ({ faults }) => faults.outOfMemory(stage)),

  /** Throws in a pod outside of any handler. */
  throw: (stage: string): Action =>
    fault(`uncaught exception in ${stage}`, ({ faults }) => faults.throw(stage)),

  /** Ends a pod by `process.exit(code)`. */
  exit: (stage: string, code = 1): Action =>
    fault(`exit ${code} of ${stage}`, ({ faults }) => faults.exit(stage, code)),

  /** Sends a request that the Executor fails, and requires that error as its answer. */
  executorError(endpoint: string, parameters: Readonly<Record<string, unknown>> = {}): Action {
    return {
      name: `executor error at ${endpoint}`,
      async run({ flow, note }) {
        const code = await failureOf(flow.post(endpoint, new Document({ text: 'fails' }), { parameters }))
        if (code !== 'EXECUTOR_FAILED')
          throw failed(`${endpoint} was to fail with EXECUTOR_FAILED, not ${code}.`)
        note(`${endpoint} failed as it should`)
      },
    }
  },

  /** Sends more unary requests than the Flow accepts; each must be answered or refused with RESOURCE_EXHAUSTED. */
  overload(options: BurstOptions): Action {
    return {
      name: 'overload',
      async run({ flow, note }) {
        const { sent, answered, refused, errors } = await burst(flow, options)
        note(`overload: of ${sent} requests ${answered} were answered and ${refused} refused`)
        if (answered + refused !== sent) throw failed(`Overload: errors were ${JSON.stringify(errors)}.`)
      },
    }
  },
} as const

function fault(name: string, hit: (scene: Scene, choice: number) => Hit | Promise<void>): Action {
  return {
    name,
    async run(scene, choice) {
      try {
        await hit(scene, choice)
      } catch (error) {
        // no pod takes requests, or the frozen one was replaced
        if (MillraceError.from(error).code !== 'NOT_FOUND') throw error
        scene.note(`${name}: no pod to hit`)
      }
    },
  }
}

async function failureOf(post: Promise<unknown>): Promise<ErrorCode | 'success'> {
  try {
    await post
    return 'success'
  } catch (error) {
    return MillraceError.from(error).code
  }
}

function failed(message: string): AssertionError {
  return new AssertionError({ message })
}
