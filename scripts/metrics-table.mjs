// The table of docs/metrics.md, from the table of metrics. `npm run gen:metrics` writes it; a test checks that it is current.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../docs/metrics.md', import.meta.url)
const section = /(<!-- metrics:.*-->\n)[^]*(<!-- end of metrics -->)/

/** The page with this table of metrics. */
export function pageWith(page, table) {
  const rows = Object.entries(table).map(([name, { kind, labels, optional = [], help }]) => {
    const listed = [...labels.map((label) => `\`${label}\``), ...optional.map((label) => `(\`${label}\`)`)]
    return `| \`${name}\` | ${kind} | ${listed.join(', ')} | ${help.replaceAll('|', '\\|')} |`
  })
  const lines = ['', '| name | kind | labels | meaning |', '|---|---|---|---|', ...rows, '']
  return page.replace(section, (_, begin, end) => `${begin}${lines.join('\n')}\n${end}`)
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { metricTable } = await import('../build/src/observe/metric-names.js')
  writeFileSync(file, pageWith(readFileSync(file, 'utf8'), metricTable))
}
