import type { ServerResponse } from 'node:http'
import type { LogLines } from './log-question.js'

/** Bytes that a reader may be behind; later lines are left out until it has caught up. */
const mostBehind = 1024 * 1024

/** Answers that a Flow's log is written to. */
export class LogStreams {
  readonly #open = new Set<ServerResponse>()

  /** Writes the lines, and with `follow` all later ones. */
  send(response: ServerResponse, { lines, follow }: LogLines, question: { readonly follow: boolean }): void {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    // without a line, too: the reader learns that it is connected
    response.flushHeaders()
    if (lines.length > 0) response.write(`${lines.join('\n')}\n`)
    if (!question.follow) {
      response.end()
      return
    }
    let leftOut = 0
    const stop = follow((line) => {
      if (response.writableLength > mostBehind) {
        leftOut++
        return
      }
      if (leftOut > 0)
        response.write(`… ${leftOut} lines were left out, because they were not read in time.\n`)
      leftOut = 0
      response.write(`${line}\n`)
    })
    this.#open.add(response)
    response.once('close', () => {
      stop()
      this.#open.delete(response)
    })
  }

  /** Ends all answers that follow. */
  end(): void {
    for (const response of this.#open) response.end()
  }
}
