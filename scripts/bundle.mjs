// Joins what tsc compiled into few files: build/src → dist. Node 20 takes half a millisecond and 25 kB a module, and
// every replica pays it, so ten process stages start twice as fast from a dozen files as from two hundred.
// Declarations in dist/ come from tsc, one a source file.
//
// A file that looks for another one by `import.meta.url` lands one folder deep, in dist/chunks or dist/FOLDER: it writes
// '../FOLDER/FILE.js'.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

import { withoutMembers } from './without-members.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const source = path.join(root, 'build', 'src')
const dist = path.join(root, 'dist')
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
 * One file each: the gateway and the conversion of large JSON have a thread each, the command line a process. The server of the control socket meets the
 * package, but shares only errors and the logger with it.
 */
const alone = [
  'gateway/thread',
  'gateway/protocols/http/json/thread',
  'control/server',
  'dashboard/server',
  'cli/main',
]

/** One file that a page can load as it is: it shares nothing with the others, and is minified. */
const forBrowsers = 'browser/index'

/**
 * Replaces the search of `DocumentArray` in memory by an error that says where to find it (`browser/no-find.ts`).
 */
const withoutFind = {
  name: 'without-find',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/find\.js$/ }, () => ({ path: path.join(source, 'browser', 'no-find.js') }))
  },
}

/** Members that gateways and pods use, and clients in pages do not; and what only code for Node's speed uses. */
const ofGateways = {
  'document/encoded-documents.js': [
    'length',
    '#texts',
    'beginsWithText',
    'readTexts',
    'encodedLength',
    'writeList',
  ],
  'lib/protobuf/reader.js': ['nested'],
  'lib/protobuf/writer.js': ['beginField', 'packedValue'],
  'wire/data-request.js': [
    'list',
    'fromSingleDocument',
    'encodeParts',
    'encodeSingleDocument',
    'addRoute',
    'parameterBytes',
    'saysV2',
    'undecodedLength',
    'dataLength',
    'peekDocCount',
    'byteLength',
  ],
  'wire/envelope.js': [
    'addRoute',
    'parameterBytes',
    'payloadLength',
    'encodeParts',
    'encodeAround',
    '#encodeWith',
    '#sourceBeforePayload',
    'isV2',
  ],
}

/** Folders of other files, of web pages and in Python, which are copied as they are. */
const copied = ['gateway/docs-page', 'dashboard/page', 'pods/python']

/** The script of the dashboard's page, from its source: it is for browsers alone. */
const dashboardPage = path.join(root, 'src', 'dashboard', 'page', 'main.tsx')

const forNode = { platform: 'node', target: 'node20', splitting: true, packages: 'external' }
const forPages = {
  platform: 'browser',
  target: 'es2022',
  minify: true,
  // without what is faster in Node
  define: { 'globalThis.Buffer': 'undefined', setImmediate: 'undefined' },
  plugins: [withoutFind, withoutMembers(source, ofGateways)],
}

if (!upToDate()) await bundle()

async function bundle() {
  const groups = [shared, ...alone.map((entry) => [entry])].map((entries) => join(entries, forNode))
  const joined = await Promise.all([...groups, join([forBrowsers], forPages), joinPage()])
  const outputFiles = joined.flat()
  for (const file of [...filesOf(dist, '.js'), ...filesOf(dist, '.js.map')]) rmSync(file)
  for (const { path: file, contents } of outputFiles) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, contents)
  }
  for (const folder of copied)
    cpSync(path.join(root, 'src', folder), path.join(dist, folder), {
      recursive: true,
      filter: (file) => !/\.tsx?$/.test(file) && !file.endsWith('__pycache__'),
    })
  writeFileSync(stamp, '')
}

async function join(entries, target) {
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => path.join(source, `${entry}.js`)),
    outdir: dist,
    outbase: source,
    bundle: true,
    format: 'esm',
    ...target,
    chunkNames: 'chunks/[name]-[hash]',
    // through the maps of tsc to src/, which is part of the package
    sourcemap: 'linked',
    sourcesContent: false,
    write: false,
  })
  return outputFiles.map(({ path: file, text }) => ({ path: file, contents: withClassNames(text) }))
}

/** Without a source map: it has Preact in it, whose source is not part of the package. */
async function joinPage() {
  const { outputFiles } = await build({
    entryPoints: [dashboardPage],
    outfile: path.join(dist, 'dashboard', 'page', 'page.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    banner: { js: '/*! Includes Preact. MIT License, Copyright (c) 2015-present Jason Miller */' },
    write: false,
  })
  return outputFiles.map(({ path: file, text }) => ({ path: file, contents: text }))
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
  if (!existsSync(stamp) || !existsSync(path.join(dist, 'index.js'))) return false
  const bundled = statSync(stamp).mtimeMs
  return [
    fileURLToPath(import.meta.url),
    ...filesOf(source, '.js'),
    ...copied.flatMap((folder) => filesOf(path.join(root, 'src', folder), '')),
  ].every((file) => statSync(file).mtimeMs <= bundled)
}

function filesOf(folder, ending) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name))
}
