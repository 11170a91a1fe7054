/** Seconds between SIGTERM and SIGKILL: what is in flight, and the end of the process. */
export function stopSeconds(graceMs: number): number {
  return Math.ceil(graceMs / 1000) + 5
}
