import type { Action } from './actions.js'
import { pause } from './pause.js'
import { seeded } from '../lib/seeded.js'
import { pick } from './pick.js'
import type { Scene, Script } from './zero-loss.js'

/** A random sequence of faults and scalings. */
export interface RandomScriptOptions {
  /** Equal seeds give equal sequences. */
  readonly seed: number
  /** Default 20. */
  readonly steps?: number
  readonly actions: readonly Action[]
  /** Milliseconds between two steps, on average. Default 250. */
  readonly everyMs?: number
}

interface Step {
  readonly afterMs: number
  readonly action: Action
  readonly choice: number
}

/** A script of random steps. */
export interface RandomScript {
  readonly seed: number
  /** For `expectZeroLoss`. */
  readonly run: Script
  /** Description of the script: the seed and every step. */
  toString(): string
}

/**
 * A script of random steps, reproducible from seed and actions. Steps do not wait for earlier steps; the script resolves when
 * all have ended, and rejects with the first failure.
 */
export function randomScript({
  seed,
  steps = 20,
  actions,
  everyMs = 250,
}: RandomScriptOptions): RandomScript {
  const random = seeded(seed)
  const plan = Array.from({ length: steps }, (): Step => {
    const afterMs = Math.round(everyMs * 2 * random())
    return { afterMs, action: pick(actions, random)!, choice: random() }
  })
  return {
    seed,
    run: (scene) => play(plan, scene),
    toString: () => [`seed ${seed}`, ...plan.map(describe)].join('\n'),
  }
}

async function play(plan: readonly Step[], scene: Scene): Promise<void> {
  const under: Promise<void>[] = []
  const failures: unknown[] = []
  for (const { afterMs, action, choice } of plan) {
    await pause(afterMs, scene.signal)
    if (scene.signal.aborted || failures.length > 0) break
    const run = async (): Promise<void> => void (await action.run(scene, choice))
    under.push(run().catch((error: unknown) => void failures.push(error)))
  }
  await Promise.all(under)
  if (failures.length > 0) throw failures[0]
}

function describe({ afterMs, action, choice }: Step): string {
  return `after ${afterMs} ms ${action.name} (${choice.toFixed(3)})`
}
