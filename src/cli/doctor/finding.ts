/** What a check has found. */
export interface Finding {
  /** What was checked: `node`, `open files`. */
  readonly check: string
  /**
   * - `ok`: as it should be.
   * - `note`: works, but may surprise, or something optional is not there.
   * - `wrong`: a Flow does not run, or does not run well, until it is changed.
   */
  readonly state: 'ok' | 'note' | 'wrong'
  /** One sentence without a full stop. */
  readonly found: string
  /** What to do; null when there is nothing to do. */
  readonly advice: string | null
}

export function ok(check: string, found: string): Finding {
  return { check, state: 'ok', found, advice: null }
}

export function note(check: string, found: string, advice: string | null = null): Finding {
  return { check, state: 'note', found, advice }
}

export function wrong(check: string, found: string, advice: string): Finding {
  return { check, state: 'wrong', found, advice }
}
