import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'

/** The content of the package according to `npm pack`. */

const root = path.resolve(import.meta.dirname, '..')
let files: ReadonlySet<string>
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

beforeAll(async () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 16 * 1024 * 1024 })
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[]
  files = new Set(packed!.files.map((file) => file.path))
})

it('has a licence, and no files that only tests need', () => {
  expect(files).toContain('LICENSE')
  expect(read('LICENSE')).toContain('Apache License')
  // tests of new projects are part of what `millrace new` writes
  const own = [...files].filter((file) => !file.startsWith('templates/'))
  expect(own.filter((file) => /\.(test|suite)\./.test(file))).toEqual([])
})

it('has the files that its documentation links to', () => {
  const pages = [...files].filter((file) => file.endsWith('.md'))
  expect(pages).toContain('README.md')
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map(([, target]) => path.join(path.dirname(page), target!))
      .filter((target) => !files.has(target))
      .map((target) => `${page}: ${target}`),
  )
  expect(missing).toEqual([])
})

it('has source maps, and the sources that they refer to', () => {
  const scripts = [...files].filter((file) =>
    /^dist\/(?!gateway\/docs-page\/|dashboard\/page\/).*\.js$/.test(file),
  )
  expect(scripts.length).toBeGreaterThan(10)
  const sources = scripts.flatMap((script) => {
    expect(files).toContain(`${script}.map`)
    const map = JSON.parse(read(`${script}.map`)) as { sources: string[] }
    return map.sources.map((source) => path.join(path.dirname(script), source))
  })
  expect(new Set(sources.filter((source) => !files.has(source)))).toEqual(new Set())
  expect(sources.every((source) => /^src\/.*\.ts$/.test(source))).toBe(true)
})

it('has the page of the dashboard, whose script names what it includes', () => {
  for (const name of ['page.html', 'page.css', 'page.js'])
    expect(files).toContain(`dist/dashboard/page/${name}`)
  expect(read('dist/dashboard/page/page.js')).toMatch(/^\/\*! Includes Preact. MIT License/)
})

it('has all files of the templates', () => {
  const templates = path.join(root, 'templates')
  const entries = readdirSync(templates, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const wanted = entries.map(
    (entry) => `templates/${path.relative(templates, path.join(entry.parentPath, entry.name))}`,
  )
  expect(wanted).toContain('templates/shared/_gitignore')
  expect(wanted.filter((file) => !files.has(file))).toEqual([])
})
