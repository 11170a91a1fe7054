import { errorCode, frameFlag, frameType } from './codes.js'
import {
  below,
  dataFrame,
  GeneratedBlocks,
  headerFrames,
  idleFrame,
  joined,
  plainFields,
  type Random,
} from './generated-blocks.suite.js'
import { frame, uint32 } from './in-memory-socket.suite.js'

/** What a client knows of an answer. */
export interface Answered {
  /** Of the head, `:status` included; undefined before it. */
  headers: Record<string, string> | undefined
  body: string
  trailers: Record<string, string> | undefined
  /** `complete`, or the code with which it was reset. */
  end: 'complete' | number | undefined
}

const resetCodes = [
  errorCode.internalError,
  errorCode.refusedStream,
  errorCode.cancel,
  errorCode.enhanceYourCalm,
]

/** What a server may send to a client that has made so many requests: answers in every encoding, among other frames. */
export function generatedAnswers(
  random: Random,
  requests: number,
): { readonly bytes: Buffer; readonly sent: readonly Answered[] } {
  const server = new GeneratedServer(random, requests)
  for (let step = 10 + below(random, 60); step > 0; step--) server.step()
  return { bytes: Buffer.concat(server.parts), sent: server.sent }
}

class GeneratedServer {
  readonly parts: Buffer[] = [frame(frameType.settings)]
  readonly sent: readonly Answered[]
  readonly #random: Random
  readonly #encoder: GeneratedBlocks
  /** Numbers of the requests whose answers are not complete. */
  readonly #open: number[]

  constructor(random: Random, requests: number) {
    this.#random = random
    this.#encoder = new GeneratedBlocks(random)
    this.#open = Array.from({ length: requests }, (_, index) => index)
    this.sent = this.#open.map(() => ({ headers: undefined, body: '', trailers: undefined, end: undefined }))
  }

  step(): void {
    const random = this.#random
    const request = this.#open[below(random, this.#open.length)]
    const kind = below(random, 10)
    if (request === undefined || kind === 9) {
      this.parts.push(idleFrame(random, 1001))
      return
    }
    const id = 2 * request + 1
    const answer = this.sent[request]!
    if (kind === 0) this.#reset(id, answer)
    else if (answer.headers === undefined) this.#begin(id, answer)
    else if (kind < 6) this.#continue(id, answer)
    else this.#end(id, answer)
    if (answer.end !== undefined) this.#open.splice(this.#open.indexOf(request), 1)
  }

  #begin(id: number, answer: Answered): void {
    const random = this.#random
    if (random() < 0.2) {
      const block = this.#encoder.encode([[':status', '103'], ...plainFields(random)])
      this.parts.push(...headerFrames(random, { id, block, isEnd: false }))
    }
    const fields = [[':status', random() < 0.7 ? '200' : '404'] as const, ...plainFields(random)]
    const isEnd = random() < 0.2
    this.parts.push(...headerFrames(random, { id, block: this.#encoder.encode(fields), isEnd }))
    answer.headers = joined(fields)
    if (isEnd) answer.end = 'complete'
  }

  #continue(id: number, answer: Answered): void {
    const random = this.#random
    const size = 1 + below(random, random() < 0.1 ? 9000 : 200)
    const text = String.fromCharCode(97 + below(random, 26)).repeat(size)
    answer.body += text
    this.parts.push(dataFrame(random, { id, text, flags: 0 }))
  }

  #end(id: number, answer: Answered): void {
    const random = this.#random
    answer.end = 'complete'
    if (random() < 0.4) {
      this.parts.push(dataFrame(random, { id, text: '', flags: frameFlag.endStream }))
      return
    }
    const fields = [['x-trailer', 'yes'] as const, ...plainFields(random)]
    answer.trailers = joined(fields)
    this.parts.push(...headerFrames(random, { id, block: this.#encoder.encode(fields), isEnd: true }))
  }

  #reset(id: number, answer: Answered): void {
    const code = resetCodes[below(this.#random, resetCodes.length)]!
    answer.end = code
    this.parts.push(frame(frameType.resetStream, { id, payload: uint32(code) }))
  }
}
