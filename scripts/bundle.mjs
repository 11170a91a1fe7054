// Joins what tsc compiled into few files: build/src → dist. Node 20 takes half a millisecond and 25 kB a module, and
// every replica pays it, so ten process stages start twice as fast from a dozen files as from two hundred.
// Declarations in dist/ come from tsc, one a source file.
//
// A file that looks for another one by `import.meta.url` lands one folder deep, in dist/chunks or dist/FOLDER: it writes
// '../FOLDER/FILE.js'.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const source = path.join(root, 'build', 'src')
const target = path.join(root, 'dist')
const stamp = path.join(root, 'build', 'bundled')

/** What meets in one thread shares its chunks: what the package exports, what a pod begins with, and what tests drive. */
const shared = [
  'index',
  'document/index',
  'indexer/index',
  'pods/process/entry',
  'pods/thread/entry',
  'internals',
  'testing/index',
]

/**
 * One file each: the gateway has a thread to itself, the command line a process. The server of the control socket meets the
 * package, but shares only errors and the logger with it.
 */
const alone = ['gateway/thread', 'control/server', 'cli/main']

if (!upToDate()) await bundle()

async function bundle() {
  const joined = await Promise.all([shared, ...alone.map((entry) => [entry])].map(join))
  const outputFiles = joined.flat()
  for (const file of [...filesOf(target, '.js'), ...filesOf(target, '.js.map')]) rmSync(file)
  for (const { path: file, contents } of outputFiles) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, contents)
  }
  writeFileSync(stamp, '')
}

async function join(entries) {
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => path.join(source, `${entry}.js`)),
    outdir: target,
    outbase: source,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    chunkNames: 'chunks/[name]-[hash]',
    // through the maps of tsc to src/, which is part of the package
    sourcemap: 'linked',
    sourcesContent: false,
    write: false,
  })
  return outputFiles.map(({ path: file, text }) => ({ path: file, contents: withClassNames(text) }))
}

/**
 * esbuild writes `var Flow = class _Flow` for a class that names itself, and then `_Flow` is its name in stacks and in what
 * `console.log` prints. A space takes the place of `_`, so columns stay those of a source map.
 */
function withClassNames(text) {
  const names = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name)
  return names.reduce(
    (all, name) => all.replaceAll(new RegExp(`(?<![\\w$.#])_${name}\\b`, 'g'), ` ${name}`),
    text,
  )
}

function upToDate() {
  if (!existsSync(stamp) || !existsSync(path.join(target, 'index.js'))) return false
  const bundled = statSync(stamp).mtimeMs
  return [fileURLToPath(import.meta.url), ...filesOf(source, '.js')].every(
    (file) => statSync(file).mtimeMs <= bundled,
  )
}

function filesOf(folder, ending) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name))
}
