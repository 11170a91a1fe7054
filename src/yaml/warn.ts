import { createLogger } from '../observe/logger.js'

/** Where it is said what a file has that has no effect. Of one `topic` the first message is enough; default: the message. */
export type Warn = (message: string, topic?: string) => void

/** On standard error, as other messages of a Flow. */
export const logWarning: Warn = (message) => {
  createLogger('yaml', { write: (line) => void process.stderr.write(`${line}\n`) }).warn(message)
}

/** The first message of each topic. */
export function onlyOnce(warn: Warn): Warn {
  const said = new Set<string>()
  return (message, topic = message) => {
    if (said.has(topic)) return
    said.add(topic)
    warn(message)
  }
}
