/** Maximum number of characters of a client's text in a log line. */
const longest = 200

/** A text chosen by a client or an Executor, cut to `longest` characters. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

/** Milliseconds, rounded to three decimal places. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
