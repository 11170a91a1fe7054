import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** The cells of the table in docs/concepts.md, without its line of dashes. */
function table(): string[][] {
  const lines = read('docs/concepts.md')
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|---'))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('*', '').trim()),
  )
}

it('the rows of the table of concepts are the cases of the suite', () => {
  const [, ...rows] = table()
  const cases = [...read('test/support/concepts.suite.ts').matchAll(/\n {4}it\('([^:']+):/g)].map(
    ([, row]) => row,
  )
  expect(rows.map(([row]) => row)).toEqual(cases)
})

it('each column of the table of concepts is a platform that runs the suite', () => {
  const [[, ...columns]] = table() as [string[]]
  const tests = ['test/flow', 'test/docker', 'test/kubernetes'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.startsWith('concepts'))
      .map((name) => read(path.join(folder, name))),
  )
  const platforms = tests.flatMap((text) =>
    [...text.matchAll(/conceptsSuite\(\{\s*name: '(\w+)'/g)].map(([, name]) => name),
  )
  expect(platforms.toSorted()).toEqual(columns.toSorted())
})

it('no cell of the table of concepts is empty', () => {
  const [head, ...rows] = table()
  for (const row of rows) {
    expect(row).toHaveLength(head!.length)
    expect(row.every((cell) => cell !== '')).toBe(true)
  }
})
