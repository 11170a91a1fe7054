import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const text = readFileSync(path.join(root, 'docs/ARCHITECTURE.md'), 'utf8')

/** Rows of the table of folders: the folder, and its description. */
const rows = [...text.slice(text.indexOf('## Folders')).matchAll(/^\| `([^`]+)\/` \| (.*) \|$/gm)]
const listed = rows.map(([, folder]) => folder!)

interface Rule {
  readonly name: string
  readonly from: { readonly path?: string }
  readonly to: { readonly path?: string }
}

/** Folders in the order of the import rules: the rule of a folder lists the folders that it may not import. */
function ruled(): string[] {
  const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: Rule[] }
  const rules = forbidden.filter(({ name }) => name.endsWith('-imports-only-above'))
  const folders = rules.map(({ from }) => /^\^src\/(.+)\/$/.exec(from.path!)![1]!)
  const last = /\(.*?([^|(]+)\)/.exec(rules.at(-1)!.to.path!)![1]!
  return [...folders, last]
}

it('the table of folders lists the folders of the import rules, in their order', () => {
  expect(listed).toEqual(ruled())
})

it('every folder of src is in the table', () => {
  const folders = readdirSync(path.join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(listed.toSorted()).toEqual(folders.toSorted())
})

it('every file and folder that the page names exists', () => {
  const beforeTable = text.slice(0, text.indexOf('| folder |'))
  const named = [...beforeTable.matchAll(/`([a-z-]+\/[a-z/.-]*)`/g)].map(([, name]) => name!)
  const inRows = rows.flatMap(([, folder, what]) =>
    [...what!.matchAll(/`([a-z-]+(?:\/|\.ts))`/g)].map(([, name]) => `${folder}/${name}`),
  )
  expect(named.length).toBeGreaterThan(30)
  const missing = [...named, ...inRows].filter(
    (name) => !existsSync(path.join(root, 'src', name)) && !existsSync(path.join(root, name)),
  )
  expect(missing).toEqual([])
})
