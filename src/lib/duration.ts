/** Milliseconds for people, rounded down: `0.4 ms`, `21 ms`, `3.2 s`, `48 s`, `5 min`, `3 h`, `12 d`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${rounded(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${rounded(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

function rounded(value: number): string {
  return String(value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value))
}
