import type { Service } from '../../call/call.js'
import { encodeFailure, encodeJson } from './failure.js'
import { frame, frameKind } from './frame.js'
import type { Link } from './link.js'

// What a peer asks a service besides requests. `id`: that of the question, which the answer repeats.

/** Answers what the service serves. */
export function answerDescribe(link: Link, service: Service, id: number): void {
  try {
    link.send(frame(frameKind.description, id, { parts: [encodeJson(service.describe())] }))
  } catch (error) {
    link.send(frame(frameKind.error, id, { parts: [encodeFailure(error)] }))
  }
}

/** Answers a ping, with the figures of the batches if there are any. */
export function answerPing(link: Link, { batches }: Service, id: number): void {
  const parts = batches === undefined ? [] : [encodeJson(batches())]
  link.send(frame(frameKind.pong, id, { parts }))
}

/** Answers what the service has measured. Never rejects. */
export async function answerMeasure(link: Link, service: Service, id: number): Promise<void> {
  try {
    const metrics = (await service.measure?.()) ?? []
    link.send(frame(frameKind.measured, id, { parts: [encodeJson(metrics)] }))
  } catch (error) {
    link.send(frame(frameKind.error, id, { parts: [encodeFailure(error)] }))
  }
}
