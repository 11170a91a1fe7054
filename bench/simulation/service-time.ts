import { drawn, exponential } from './random.js'

/** Milliseconds that a replica in order takes on average, hiccups included. */
export const meanServiceMs = 52.25

/**
 * How long a replica in order works on one try: 20 ms and exponentially distributed 30 ms more; one try in 200 takes ten
 * times as long (a collection of garbage, a page fault). Belongs to the request and the number of its try.
 */
export function serviceMs(seed: number, request: number, tries: number): number {
  const usual = 20 + 30 * exponential(drawn(seed, request, tries, 1))
  return drawn(seed, request, tries, 2) < 1 / 200 ? usual * 10 : usual
}

/** Requests a second that keep `replicas` in order busy for that share of the time. */
export function rateFor(replicas: number, share: number): number {
  return (replicas * share * 1000) / meanServiceMs
}
