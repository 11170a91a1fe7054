import { programLogger } from '../observe/logger.js'

/** Receives warnings about settings that have no effect. `topic` groups messages of which only the first matters; default: the message. */
export type Warn = (message: string, topic?: string) => void

/** Logs to stderr, like the other messages of a Flow. */
export const logWarning: Warn = (message) => {
  programLogger('yaml').warn(message)
}

/** Passes on only the first message of each topic. */
export function onlyOnce(warn: Warn): Warn {
  const said = new Set<string>()
  return (message, topic = message) => {
    if (said.has(topic)) return
    said.add(topic)
    warn(message)
  }
}
