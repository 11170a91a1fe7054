import { readFileSync } from 'node:fs'

/** A gateway that has connections to all of its pods and files of its own beside those of clients. */
const shareOfClients = 0.5

/** A connection costs about 50 KB, whether it is used or not. */
const mostConnections = 4096

/** What most systems allow at least; taken where the limit cannot be read. */
const fewestDescriptors = 1024

/** How many clients may be connected at once unless the Flow says so: half of the files that this process may open, at most 4096. */
export function connectionsAllowed(): number {
  return Math.min(mostConnections, Math.floor(softLimit() * shareOfClients))
}

/** Files this process may open. */
function softLimit(): number {
  try {
    const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    if (soft === 'unlimited') return Number.POSITIVE_INFINITY
    return soft === undefined ? fewestDescriptors : Number(soft)
  } catch {
    return fewestDescriptors // not Linux
  }
}
