/** One series of a scrape, and its value. */
export interface Scraped {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const line = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/
const label = /(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"(?:,|$)/g

/** Scrapes the metrics at a port of this machine. */
export async function scrape(
  port: number,
  headers: Record<string, string> = {},
): Promise<readonly Scraped[]> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers })
  if (!response.ok) throw new Error(`the scrape was answered with ${response.status}`)
  return parseMetrics(await response.text())
}

/** Throws for a line that is neither a comment nor a series. */
export function parseMetrics(text: string): readonly Scraped[] {
  const lines = text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))
  return lines.map((each) => {
    const { name, labels = '', value } = line.exec(each)?.groups ?? {}
    if (name === undefined) throw new Error(`not a series: ${each}`)
    const pairs = [...labels.matchAll(label)].map(({ groups }) => [groups!.name, groups!.value])
    return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }
  })
}

/** The value of the only series with this name and at least these labels. */
export function valueOf(
  all: readonly Scraped[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = all.filter(
    (each) =>
      each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
  )
  if (found.length > 1) throw new Error(`${found.length} series match ${name} ${JSON.stringify(labels)}`)
  return found[0]?.value
}
