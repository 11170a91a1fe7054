import { drawn, exponential } from './random.js'

/** Mean milliseconds that a healthy replica takes, slow tries included. */
export const meanServiceMs = 52.25

/**
 * How long a healthy replica works on one try: 20 ms plus an exponentially distributed 30 ms; one try in 200 takes ten
 * times as long (garbage collection, a page fault). Determined by the request and the number of the try.
 */
export function serviceMs(seed: number, request: number, tries: number): number {
  const usual = 20 + 30 * exponential(drawn(seed, request, tries, 1))
  return drawn(seed, request, tries, 2) < 1 / 200 ? usual * 10 : usual
}

/** Requests per second that keep `replicas` healthy replicas busy for that share of the time. */
export function rateFor(replicas: number, share: number): number {
  return (replicas * share * 1000) / meanServiceMs
}
