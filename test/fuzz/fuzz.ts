import { frameType } from '../../src/http2/codes.js'
import { below } from '../../src/http2/generated-blocks.suite.js'
import { HandClock } from '../../src/lib/hand-clock.suite.js'
import { seeded } from '../../src/lib/seeded.js'
import { clientSession } from './client-session.js'
import { FuzzedGateway } from './fuzzed-gateway.js'
import { mutated, type Wildness } from './mutation.js'
import { type Recording, recordingsOf } from './recording.js'
import { serverSession, type SessionOutcome } from './server-session.js'

/** Sums over all sessions. */
export interface FuzzReport {
  sessions: number
  /** Mutated frames that were read before their connection ended. */
  mutations: number
  /** Frames that were sent and checked. */
  sent: number
  /** Sessions whose connection was still open when all their bytes were read. */
  open: number
}

const wildnesses: readonly Wildness[] = [
  { changed: 0.5, lawful: 1 },
  { changed: 0.6, lawful: 0.95 },
  { changed: 0.4, lawful: 0.8 },
  { changed: 0.2, lawful: 0 },
]

/** Mutates recorded sessions of clients and servers. Each session repeats with its seed. */
export class Fuzz {
  readonly report: FuzzReport = { sessions: 0, mutations: 0, sent: 0, open: 0 }
  readonly #clock = new HandClock()
  readonly #gateway = new FuzzedGateway(this.#clock)
  readonly #clients = recordingsOf('clients')
  readonly #servers = recordingsOf('servers')
  readonly #others = [...this.#clients, ...this.#servers].flatMap(({ frames }) => frames)

  /** Runs the session of a seed. Throws Error, which names the seed and the recording, when a rule is broken. */
  async run(seed: number, wildness?: Wildness): Promise<SessionOutcome> {
    const random = seeded(seed)
    const recordings = random() < 0.5 ? this.#clients : this.#servers
    const recording = recordings[below(random, recordings.length)]!
    const how = wildness ?? wildnesses[below(random, wildnesses.length)]!
    const session = mutated(recording.frames, this.#others, { random, ...how })
    const options = { random, clock: this.#clock, meddles: how.changed > 0 }
    try {
      const outcome =
        recordings === this.#clients
          ? await serverSession(this.#gateway, session, options)
          : await clientSession(callsOf(recording), session, options)
      this.report.sessions++
      this.report.mutations += outcome.mutations
      this.report.sent += outcome.sent
      if (outcome.isOpen) this.report.open++
      return outcome
    } catch (cause) {
      const { from, what } = recording
      throw new Error(`seed ${seed} (${from}, ${what}): ${(cause as Error).message}`, { cause })
    }
  }
}

/** How many calls a server answers in a recording. */
function callsOf({ frames }: Recording): number {
  const ids = frames.filter((frame) => frame[3] === frameType.headers).map((frame) => frame.readUInt32BE(5))
  return (Math.max(1, ...ids) + 1) / 2
}
