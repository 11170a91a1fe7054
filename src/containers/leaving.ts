/** Seconds between SIGTERM and SIGKILL: the grace for requests in flight, plus five for the process to exit. */
export function stopSeconds(graceMs: number): number {
  return Math.ceil(graceMs / 1000) + 5
}
