/** Numbers as people read them. */

export function perSecond(rate: number | null): string {
  if (rate === null) return '–'
  return rate >= 100 ? String(Math.round(rate)) : rate.toFixed(1)
}

export function percent(share: number): string {
  return share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
