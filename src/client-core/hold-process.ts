/** Node's longest timer. */
const longestTimerMs = 2 ** 31 - 1

/** Keeps the process alive until the returned function is called. (Timers of a `Clock` do not keep it alive.) */
export function holdProcess(): () => void {
  const timer = setInterval(() => {}, longestTimerMs)
  return () => clearInterval(timer)
}
