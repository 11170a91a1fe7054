import { readFileSync } from 'node:fs'

/** Share of the file descriptors for clients; the gateway needs others for its pods and files. */
const shareOfClients = 0.5

/** An idle connection costs about 50 KB, as a busy one does. */
const mostConnections = 4096

/** The minimum on most systems; used where the limit cannot be read. */
const fewestDescriptors = 1024

/** Default of `limits.maxConnections`: half of the files that this process may open, at most 4096. */
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
