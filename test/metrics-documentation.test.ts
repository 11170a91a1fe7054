import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { metricTable } from '../src/observe/metric-names.js'

const root = path.resolve(import.meta.dirname, '..')
const page = readFileSync(path.join(root, 'docs/metrics.md'), 'utf8')

it('docs/metrics.md has the table of metrics, as `npm run gen:metrics` writes it', async () => {
  const generator = path.join(root, 'scripts/metrics-table.mjs')
  const { pageWith } = (await import(generator)) as { pageWith: (page: string, table: object) => string }
  expect(pageWith(page, metricTable)).toBe(page)
  for (const name of Object.keys(metricTable)) expect(page).toContain(`| \`${name}\` |`)
})

it('the names of metrics follow the conventions of Prometheus', () => {
  for (const [name, { kind, labels, help }] of Object.entries(metricTable)) {
    expect(name).toMatch(/^(millrace|jina)_[a-z_]+$/)
    expect(name.endsWith('_total'), name).toBe(kind === 'counter')
    for (const label of labels) expect(label).toMatch(/^[a-z_]+$/)
    expect(help).toMatch(/\.$/)
  }
})
