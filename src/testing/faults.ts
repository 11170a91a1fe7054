/**
 * Injects faults into the pods of a Flow.
 *
 * 1. Only pods started by this program are hit, each through its own handle: a process id that the system has reused is never
 *    signalled.
 * 2. `release()` thaws every frozen pod that is still alive, so that a failed test leaves no stopped process.
 */
import { MillraceError } from '../errors.js'
import type { Flow } from '../flow/flow.js'
import { type PodControl, podsOf } from '../flow/pods-of.js'
import type { Fault } from '../pods/fault.js'
import { until } from './pause.js'
import { pick } from './pick.js'

/** Target of a fault. Default: a random pod of the stage. */
export interface Aim {
  /** `work/rep-0`. */
  readonly pod?: string
}

/** A fault that was injected. */
export interface Hit {
  /** `SIGKILL`, `block 200 ms`, … */
  readonly fault: string
  readonly stage: string
  readonly pod: string
  /** Process id; for a thread, that of the program. */
  readonly pid: number
  /** Resolves with the reason when this pod has exited; never rejects. Stays pending for a pod that was only frozen or blocked. */
  readonly gone: Promise<string>
}

/** Options of `faults`. */
export interface FaultsOptions {
  /** In [0, 1); default `Math.random`. See `seeded`. */
  readonly random?: () => number
  /** Called for every fault. */
  readonly onHit?: (hit: Hit) => void
}

/** Default timeout for a stage to have all its replicas again. */
const healTimeoutMs = 30_000

/**
 * A fault injector for a running Flow.
 *
 * @example
 * await using chaos = faults(flow)
 * const hit = chaos.kill('encoder')
 * console.log(hit.pod, 'was replaced after', await chaos.healed(hit), 'ms')
 */
export function faults<Stages extends string>(
  flow: Flow<Stages>,
  options: FaultsOptions = {},
): Faults<Stages> {
  return new Faults(flow, options)
}

/**
 * All methods throw NOT_STARTED when the Flow does not run, NOT_FOUND when the stage has no pod (of that name) that takes
 * requests, and UNSUPPORTED when the runtime does not support the fault.
 */
export class Faults<Stages extends string = string> {
  readonly #flow: Flow<Stages>
  readonly #random: () => number
  readonly #onHit: (hit: Hit) => void
  readonly #frozen = new Map<string, PodControl>()

  constructor(flow: Flow<Stages>, { random = Math.random, onHit = () => {} }: FaultsOptions) {
    this.#flow = flow
    this.#random = random
    this.#onHit = onHit
  }

  /** Kills a pod: SIGKILL, or terminates its thread. */
  kill(stage: Stages, aim: Aim = {}): Hit {
    return this.#signal(this.#aim(stage, aim), 'SIGKILL')
  }

  /** Sends SIGTERM, after which the pod drains and exits. Process only. */
  terminate(stage: Stages, aim: Aim = {}): Hit {
    return this.#signal(this.#aim(stage, aim), 'SIGTERM')
  }

  /** Suspends a pod (SIGSTOP). Process only. */
  freeze(stage: Stages, aim: Aim = {}): Hit {
    const pod = this.#aim(stage, aim)
    const hit = this.#signal(pod, 'SIGSTOP')
    this.#frozen.set(hit.pod, pod)
    void hit.gone.then(() => this.#forget(pod))
    return hit
  }

  /** Resumes a frozen pod (SIGCONT); a random one by default. */
  thaw(stage: Stages, { pod }: Aim = {}): Hit {
    const frozen = [...this.#frozen.values()].filter(
      (one) => one.stage === stage && (pod ?? one.name) === one.name,
    )
    const chosen = pick(frozen, this.#random)
    if (chosen === undefined)
      throw notFound(`No pod of '${stage}' is frozen${pod === undefined ? '' : ` as ${pod}`}.`)
    this.#forget(chosen)
    return this.#signal(chosen, 'SIGCONT')
  }

  /** Blocks its event loop for `ms`. */
  block(stage: Stages, ms: number, aim: Aim = {}): Hit {
    return this.#fault(this.#aim(stage, aim), { type: 'block', ms }, `block ${ms} ms`)
  }

  /** Allocates until it is out of memory. How long that takes depends on its `--max-old-space-size`. */
  outOfMemory(stage: Stages, aim: Aim = {}): Hit {
    return this.#fault(this.#aim(stage, aim), { type: 'leak' }, 'out of memory')
  }

  /** Throws an uncaught exception. */
  throw(stage: Stages, aim: Aim = {}): Hit {
    return this.#fault(this.#aim(stage, aim), { type: 'throw' }, 'uncaught exception')
  }

  /** Ends a pod by `process.exit(code)`. */
  exit(stage: Stages, code: number, aim: Aim = {}): Hit {
    return this.#fault(this.#aim(stage, aim), { type: 'exit', code }, `exit ${code}`)
  }

  /**
   * Waits until the pod has exited and its stage has all its replicas ready again; resolves with the milliseconds since the exit.
   * For faults that end a pod.
   *
   * @throws DEADLINE_EXCEEDED after `timeoutMs` (30,000)
   */
  async healed(
    hit: Hit,
    { timeoutMs = healTimeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<number> {
    const began = performance.now()
    let goneAt: number | undefined
    void hit.gone.then(() => {
      goneAt = performance.now()
    })
    const isWhole = async (): Promise<boolean> => goneAt !== undefined && (await this.#isFull(hit.stage))
    if (await until(isWhole, { timeoutMs })) return performance.now() - (goneAt ?? began)
    const what = goneAt === undefined ? `${hit.pod} did not end` : `'${hit.stage}' was not whole again`
    throw new MillraceError('DEADLINE_EXCEEDED', `${what} within ${timeoutMs} ms after ${hit.fault}.`)
  }

  /** Thaws all frozen pods. Idempotent. */
  release(): void {
    for (const pod of [...this.#frozen.values()]) {
      this.#forget(pod)
      this.#signal(pod, 'SIGCONT')
    }
  }

  /** Ends the faults that last, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release()
    return Promise.resolve()
  }

  #aim(stage: Stages, { pod }: Aim): PodControl {
    if (!this.#flow.stages.includes(stage)) {
      throw notFound(`There is no stage '${stage}'. Stages: ${this.#flow.stages.join(', ')}.`)
    }
    const pods = podsOf(this.#flow).filter((one) => one.stage === stage)
    const chosen = pick(
      pods.filter(({ name }) => (pod ?? name) === name),
      this.#random,
    )
    if (chosen !== undefined) return chosen
    const known = pods.map(({ name }) => name).join(', ') || 'none'
    throw notFound(
      `No pod of '${stage}' ${pod === undefined ? '' : `named ${pod} `}takes requests now; those that do: ${known}.`,
    )
  }

  #signal(pod: PodControl, signal: NodeJS.Signals): Hit {
    pod.signal(signal)
    return this.#hit(pod, signal)
  }

  #fault(pod: PodControl, fault: Fault, what: string): Hit {
    pod.fault(fault)
    return this.#hit(pod, what)
  }

  #hit({ stage, name, pid, exited }: PodControl, fault: string): Hit {
    const hit: Hit = { fault, stage, pod: name, pid, gone: exited.then(({ reason }) => reason) }
    this.#onHit(hit)
    return hit
  }

  /** Forgets a frozen pod, unless a new pod of the same name has been frozen since. */
  #forget(pod: PodControl): void {
    if (this.#frozen.get(pod.name) === pod) this.#frozen.delete(pod.name)
  }

  async #isFull(stage: string): Promise<boolean> {
    const { stages } = await this.#flow.status()
    const { ready, replicas, pods } = stages.find(({ name }) => name === stage)!
    return ready === replicas && pods.every(({ state }) => state === 'ready')
  }
}

function notFound(message: string): MillraceError {
  return new MillraceError('NOT_FOUND', message)
}
