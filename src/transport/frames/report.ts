import type { Observation } from '../../call/observation.js'
import type { RequestEvent } from '../../observe/names.js'
import { decodeJson, encodeJson } from './failure.js'

/** Collects the events of an observed request on the serving side, to be sent before its answer. */
export class Report implements Observation {
  readonly #events: RequestEvent[] = []

  child(): Observation {
    return this
  }

  event(event: RequestEvent): void {
    this.#events.push(event)
  }

  end(): void {}

  /** The payload of a report frame; undefined when there are no events. */
  encode(): Uint8Array | undefined {
    return this.#events.length === 0 ? undefined : encodeJson(this.#events)
  }
}

/** Passes the events of a report frame to the observation of the call. An unreadable payload is dropped. */
export function deliverReport(payload: Uint8Array, observation: Observation | undefined): void {
  if (observation === undefined) return
  for (const event of eventsOf(payload)) observation.event(event)
}

function eventsOf(payload: Uint8Array): readonly RequestEvent[] {
  try {
    const events = decodeJson(payload)
    return Array.isArray(events) ? (events as readonly RequestEvent[]) : []
  } catch {
    return []
  }
}
