import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { markdownOf, type Report } from './report.js'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')
const report = JSON.parse(read('RESULTS.json')) as Report

test('RESULTS.md says what RESULTS.json says', () => {
  expect(read('RESULTS.md')).toBe(markdownOf(report))
})

test('each other version of Node has a section of its own', () => {
  const { machine, results } = report
  const section = { machine: { ...machine, node: 'v99.1.0' }, results: results.slice(0, 1) }
  const before = markdownOf({ machine, results })
  const text = markdownOf({ machine, results, nodes: { 99: section } })
  expect(text.startsWith(before.trimEnd())).toBe(true)
  const [, added] = text.split('\n## ') as [string, string]
  expect(added).toMatch(/^Node v99\.1\.0\n/)
  expect(added.split('\n').filter((line) => line.startsWith('| 1 |'))).toHaveLength(1)
})
