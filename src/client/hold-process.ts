/** Node's longest timer. */
const longestTimerMs = 2 ** 31 - 1

/** Keeps the process alive, as a wait on a clock does not, until what comes back is called. */
export function holdProcess(): () => void {
  const timer = setInterval(() => {}, longestTimerMs)
  return () => clearInterval(timer)
}
