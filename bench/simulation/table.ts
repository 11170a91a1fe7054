import type { Tally } from './ledger.js'

type Column = readonly [title: string, cell: (tally: Tally) => string]

const columns: readonly Column[] = [
  ['requests', ({ requests }) => String(requests)],
  ['answered', ({ answered }) => String(answered)],
  ['refused', ({ refused }) => String(refused)],
  ['failed', ({ failed }) => String(failed)],
  ['p50', ({ p50 }) => milliseconds(p50)],
  ['p99', ({ p99 }) => milliseconds(p99)],
  ['p99.9', ({ p999 }) => milliseconds(p999)],
  ['at the bad', ({ badShare }) => (badShare === 0 ? '–' : `${(100 * badShare).toFixed(2)} %`)],
  ['tries', ({ triesPerRequest }) => triesPerRequest.toFixed(3)],
  ['hedges', ({ hedges }) => String(hedges)],
]

export interface TableRow {
  readonly name: string
  readonly tally: Tally
}

/** One row for each policy. */
export function tableOf(rows: readonly TableRow[]): string {
  return markdownTable(
    ['policy', ...columns.map(([title]) => title)],
    rows.map(({ name, tally }) => [name, ...columns.map(([, cell]) => cell(tally))]),
  )
}

/** The first column is text, the others are numbers. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = titles.map((_, index) => (index === 0 ? '---' : '---:'))
  return [titles, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Rounded, because more digits would only be noise in a diff. */
export function milliseconds(ms: number): string {
  return Number.isNaN(ms) ? '–' : ms.toFixed(0)
}
