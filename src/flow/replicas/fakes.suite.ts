import { HandClock } from '../../lib/hand-clock.suite.js'
import { loggerOf } from '../../executor/fixtures.suite.js'
import type {
  Departure,
  Expectation,
  Removal,
  ReplicaCounts,
  ReplicaLoad,
  StageLoad,
} from '../../gateway/events.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { addStage, createPlan } from '../../plan/flow-plan.js'
import type { StageOptions } from '../../plan/stage-settings.js'
import type { Exit, Pod } from '../../pods/pod.js'
import type { GatewayLink } from './admission.js'
import { ReplicaSet } from './replica-set.js'
import { type ShardPlan, shardPlan } from '../shard-plan.js'

/** A pod that does nothing but exit. */
export interface FakePod extends Pod {
  readonly plan: ShardPlan
  readonly killed: boolean
  readonly stopped: boolean
  die(reason?: string): void
}

/** A start that the test completes. */
export interface FakeStart {
  readonly name: string
  readonly plan: ShardPlan
  succeed(): FakePod
  fail(message: string): void
}

function fakePod(name: string, pid: number, plan: ShardPlan): FakePod {
  const exited = deferred<Exit>()
  let killed = false
  let stopped = false
  const end = (expected: boolean, reason: string): void =>
    exited.resolve({
      expected,
      reason,
      code: null,
      output: expected ? [] : ['last words'],
      isFromOutside: false,
    })
  return {
    name,
    pid,
    plan,
    address: { kind: 'socket', path: `/${name}` },
    exited: exited.promise,
    get killed() {
      return killed
    },
    get stopped() {
      return stopped
    },
    kill() {
      killed = true
      end(false, 'was killed by SIGKILL')
    },
    stop() {
      stopped = true
      end(true, 'exited with code 0')
      return exited.promise
    },
    profile: () => Promise.resolve(),
    fault: () => {},
    die: (reason = 'exited with code 1') => end(false, reason),
  }
}

/** A gateway that records its calls; removals wait while `holdRemovals` is set. */
export class FakeGateway implements GatewayLink {
  readonly listed = new Set<string>()
  readonly told: string[] = []
  readonly expectations: Expectation[] = []
  readonly counts: ReplicaCounts[] = []
  readonly removals: Deferred[] = []
  loads: ReplicaLoad[] = []
  holdRemovals = false
  /** The result of `remove`. */
  departure: Departure = { served: 0, isRepeated: false }
  /** Called by `add`; replace it to fail or to wait. */
  admit: (pod: string) => Promise<void> = async () => {}

  async add(_stage: string, pod: string): ReturnType<GatewayLink['add']> {
    if (this.listed.has(pod)) throw new Error(`${pod} is listed already`)
    await this.admit(pod)
    this.listed.add(pod)
    this.told.push(`add ${pod}`)
    return { endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }
  }

  async remove(_stage: string, pod: string, { graceMs }: Removal): Promise<Departure | null> {
    if (!this.listed.delete(pod)) return null
    this.told.push(`remove ${pod} ${graceMs}`)
    if (this.holdRemovals) {
      const removal = deferred()
      this.removals.push(removal)
      await removal.promise
    }
    return this.departure
  }

  expect(_stage: string, expectation: Expectation): Promise<void> {
    this.expectations.push(expectation)
    return Promise.resolve()
  }

  supervise(_stage: string, counts: ReplicaCounts): Promise<void> {
    this.counts.push(counts)
    return Promise.resolve()
  }

  status(): ReturnType<GatewayLink['status']> {
    return Promise.resolve([stageLoad(this.loads)])
  }
}

/** What a gateway reports of the stage `exec`. */
export function stageLoad(replicas: readonly ReplicaLoad[], waiting = 0): StageLoad {
  const background = { backgroundRunning: 0, backgroundFailed: 0 }
  const counts = { waitingBytes: 0, retries: 0, hedges: 0, refused: 0, asked: 0, failed: 0, ...background }
  return { name: 'exec', waiting, ...counts, replicas }
}

/** A stage `exec` whose pods, gateway and clock the test controls. */
export function fakeStage(options: StageOptions = {}) {
  const clock = new HandClock()
  const gateway = new FakeGateway()
  const logged: string[] = []
  const starts: FakeStart[] = []
  let pids = 100
  const base = addStage(createPlan({}), { name: 'exec', ...options, uses: new URL(import.meta.url) })
  const set = new ReplicaSet(shardPlan(base.stages[0]!, 0), {
    gateway: Promise.resolve(gateway),
    logger: loggerOf(logged),
    graceMs: 1000,
    timeoutReadyMs: 60_000,
    clock,
    random: () => 1,
    startPod(plan, index, signal) {
      const start = deferred<Pod>()
      const name = `exec/rep-${index}`
      const begun: FakeStart = {
        name,
        plan,
        succeed() {
          const pod = fakePod(name, pids++, plan)
          start.resolve(pod)
          return pod
        },
        fail: (message) => start.reject(new Error(message)),
      }
      starts.push(begun)
      signal.addEventListener('abort', () => start.reject(signal.reason))
      return start.promise
    },
  })
  /** The next start that has begun. */
  const nextStart = async (): Promise<FakeStart> => {
    await settled()
    const start = starts.shift()
    if (start === undefined) throw new Error('nothing starts')
    return start
  }
  /** Scales to `count`; every pod starts successfully. */
  const grow = async (count: number): Promise<FakePod[]> => {
    const scaled = set.scale(count)
    await settled()
    const pods = starts.splice(0).map((start) => start.succeed())
    await scaled
    return pods
  }
  return { set, gateway, clock, logged, starts, nextStart, grow }
}

/** Lets all pending microtasks and immediates run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
