import { AssertionError } from 'node:assert'
import { Document } from '../document/index.js'
import { type ErrorCode, MillraceError } from '../errors.js'
import { burst, type BurstOptions } from './burst.js'
import type { Hit } from './faults.js'
import { pause } from './pause.js'
import type { Scene } from './zero-loss.js'

/** One thing a random script may do. */
export interface Action {
  readonly name: string
  /** `choice`, in [0, 1), is part of the script: what an action decides from it is the same in each replay. */
  run(scene: Scene, choice: number): unknown
}

/**
 * Things a random script may do. Faults hit a random pod of the stage; when none takes requests at that moment, nobody.
 *
 * @example
 * const script = randomScript({ seed: 7, actions: [actions.kill('encoder'), actions.scale('encoder', [1, 4])] })
 */
export const actions = {
  /** To a number of replicas between the two. */
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

  /** The same options again by default. */
  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>> = {}): Action {
    return {
      name: `rolling update of ${stage}`,
      async run({ flow, note }) {
        const { replaced } = await flow.rollingUpdate(stage, { usesWith })
        note(`replaced ${replaced} of ${stage}`)
      },
    }
  },

  kill: (stage: string): Action => fault(`kill ${stage}`, ({ faults }) => faults.kill(stage)),

  terminate: (stage: string): Action => fault(`terminate ${stage}`, ({ faults }) => faults.terminate(stage)),

  /** Stops it, and lets it go on after a time between the two, if it has not been replaced by then. */
  freeze(stage: string, [least, most]: readonly [number, number] = [100, 3000]): Action {
    return fault(`freeze ${stage}`, async ({ faults, signal }, choice) => {
      const { pod } = faults.freeze(stage)
      await pause(least + choice * (most - least), signal)
      if (!signal.aborted) faults.thaw(stage, { pod })
    })
  },

  block: (stage: string, ms: number): Action =>
    fault(`block ${stage}`, ({ faults }) => faults.block(stage, ms)),

  outOfMemory: (stage: string): Action =>
    fault(`out of memory in ${stage}`, ({ faults }) => faults.outOfMemory(stage)),

  throw: (stage: string): Action =>
    fault(`uncaught exception in ${stage}`, ({ faults }) => faults.throw(stage)),

  exit: (stage: string, code = 1): Action =>
    fault(`exit ${code} of ${stage}`, ({ faults }) => faults.exit(stage, code)),

  /** One request that its Executor fails, and whose answer must be that error. */
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

  /** More unary requests than the Flow takes; all must be answered or refused with RESOURCE_EXHAUSTED. */
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
        scene.note(`${name}: there is nobody`)
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
