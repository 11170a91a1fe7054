import path from 'node:path'
import { MillraceError } from '../../errors.js'
import type { Flow } from '../../flow/flow.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import type { Sources } from './sources.js'

interface ReloaderTools {
  readonly flow: Flow<string>
  /** Null when its stages are not known. */
  readonly plan: FlowPlan | null
  /** Prints a sentence. */
  say(text: string): void
  /** Where the errors of these files are; '' when that is not known. */
  explain(files: readonly string[]): Promise<string>
  /** Called after each reload, successful or not: the files may name others now. */
  reloaded(): void
}

/**
 * Replaces the replicas of stages whose files have changed.
 *
 * 1. One stage at a time, each by a rolling update: a new replica answers before an old one drains.
 * 2. A change during a reload of the same stage reloads it once more.
 * 3. When a new replica does not start, the old ones stay, until the next change.
 */
export class Reloader {
  readonly #tools: ReloaderTools
  /** Changed files of stages that wait for their reload. */
  readonly #waiting = new Map<string, Set<string>>()
  #isBusy = false

  constructor(tools: ReloaderTools) {
    this.#tools = tools
  }

  /** @param files that have changed, absolute paths */
  changed(files: readonly string[], { stages }: Sources): void {
    for (const [stage, own] of stages) {
      for (const file of files.filter((one) => own.has(one))) {
        this.#waiting.set(stage, (this.#waiting.get(stage) ?? new Set()).add(file))
      }
    }
    if (!this.#isBusy) void this.#work() // never rejects
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (const [stage, files] of this.#waiting) {
      this.#waiting.delete(stage)
      await this.#reload(stage, [...files])
    }
    this.#isBusy = false
    this.#tools.reloaded()
  }

  async #reload(stage: string, files: readonly string[]): Promise<void> {
    const { flow, plan, say, explain } = this.#tools
    const usesWith = plan?.stages.find(({ name }) => name === stage)?.usesWith ?? {}
    say(`${files.map((file) => path.relative(process.cwd(), file)).join(', ')} changed`)
    try {
      const { replaced, seconds } = await flow.rollingUpdate(stage, { usesWith })
      say(
        `'${stage}': ${replaced} ${replaced === 1 ? 'replica' : 'replicas'} replaced in ${seconds.toFixed(2)} s`,
      )
    } catch (error) {
      const { code, message } = MillraceError.from(error)
      if (code === 'CANCELLED' || code === 'NOT_STARTED') return // the Flow closes
      say(`'${stage}' goes on with its old code: ${message}${await explain(files)}`)
    }
  }
}
