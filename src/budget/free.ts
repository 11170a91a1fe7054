import { MessageChannel, type MessagePort } from 'node:worker_threads'

interface Transferable extends ArrayBuffer {
  /** Node 22 and newer. */
  transfer?(byteLength: number): ArrayBuffer
}

/** A port whose other end is closed. */
let nowhere: MessagePort | undefined

/**
 * Frees memory at once: the garbage collector does so some time later, or not at all while nothing new is allocated.
 * Every view of the same ArrayBuffer is empty afterwards.
 */
export function free(memory: Uint8Array<ArrayBuffer>): void {
  const buffer: Transferable = memory.buffer
  if (buffer.transfer !== undefined) {
    buffer.transfer(0)
    return
  }
  // posting the buffer transfers its memory, and the closed port drops the message
  nowhere ??= closedPort()
  nowhere.postMessage(null, [buffer])
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return port1
}
