/**
 * Seconds that a container goes on as before when it is told to end, until all gateways know: five that name servers
 * remember an address (CoreDNS's own default), one between two looks of a gateway, and one to spare.
 */
export const leaveSeconds = 7

/** Seconds between SIGTERM and SIGKILL: what is in flight, and the end of the process. */
export function stopSeconds(graceMs: number): number {
  return Math.ceil(graceMs / 1000) + 5
}
