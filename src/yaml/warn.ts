import { createLogger } from '../observe/logger.js'

/** Where it is said what a file has that has no effect. */
export type Warn = (message: string) => void

/** On standard error, as other messages of a Flow. */
export const logWarning: Warn = (message) => {
  createLogger('yaml', { write: (line) => void process.stderr.write(`${line}\n`) }).warn(message)
}

/** The first of equal messages. */
export function onlyOnce(warn: Warn): Warn {
  const said = new Set<string>()
  return (message) => {
    if (said.has(message)) return
    said.add(message)
    warn(message)
  }
}
