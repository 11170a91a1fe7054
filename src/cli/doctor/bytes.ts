const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes for people, in powers of 1000: `640 MB`, `1.5 GB`. */
export function bytesText(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.floor(value)} ${units[power]}`
}
