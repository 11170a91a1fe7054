import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { metricTable } from '../src/observe/metric-names.js'
import { monitoring, panelQueries } from './support/monitoring.js'

const alerts = readFileSync(path.join(monitoring, 'alerts.yml'), 'utf8')

/** The series of a metric. */
const seriesNames = new Set(
  Object.entries(metricTable).flatMap(([name, { kind }]) =>
    kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
)
const namesIn = (text: string): readonly string[] => text.match(/\bmillrace_\w+/g) ?? []

it('the dashboard and the alerts use series that Millrace has', () => {
  const used = [...panelQueries().map(({ query }) => query), alerts].flatMap(namesIn)
  expect(used.length).toBeGreaterThan(30)
  expect(used.filter((name) => !seriesNames.has(name))).toEqual([])
})

it('each alert is explained, and tested for promtool', () => {
  const page = readFileSync(path.join(monitoring, '../observability.md'), 'utf8')
  const tests = readFileSync(path.join(import.meta.dirname, 'observe/alerts.test.yml'), 'utf8')
  const names = [...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name!)
  expect(names).toHaveLength(9)
  for (const name of names) {
    expect(page).toContain(`| \`${name}\` |`)
    expect(tests).toMatch(new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`))
  }
})
