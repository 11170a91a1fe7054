/** Whose requests are counted together: those with one token, of one address, or with one value of a header. */
export type RateKey = 'token' | 'address' | { readonly header: string }

/** How many requests each caller may send; plain data. */
export interface RateRules {
  /** Requests a second in the long run; may be a fraction. */
  readonly perSecond: number
  /** Requests that a caller may send at once after a pause. */
  readonly burst: number
  readonly by: RateKey
}
