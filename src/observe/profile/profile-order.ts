/** The kinds of profiles: time on the CPU by function, or the objects on the heap. */
export const profileKinds = ['cpu', 'heap'] as const

/** The longest profile of the CPU, in seconds: one of five minutes has some 20 MB. */
export const mostProfileSeconds = 300

/** A profile to be taken of the thread of a replica or of a gateway. Plain data. */
export interface ProfileOrder {
  readonly kind: (typeof profileKinds)[number]
  /** Length of a profile of the CPU, from 1 to `mostProfileSeconds`; nothing for one of the heap. */
  readonly seconds: number
  /** Absolute path of a file that does not exist yet. */
  readonly file: string
}
