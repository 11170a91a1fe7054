import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { renderExport } from '../../export/index.js'
import type { TextFile } from '../../export/target.js'
import { type Manifest, packageFolder, packageManifest } from '../package-folder.js'
import type { Template } from './templates.js'

/** Where a project's scripts and containers find its Flow. */
const port = 8080

/** Packages that build and test a project. */
const tools = ['@types/node', 'tsx', 'typescript', 'vite', 'vitest']

/** The files of a new project. @param name a valid name of an npm package */
export async function renderProject(
  name: string,
  kind: string,
  template: Template,
): Promise<readonly TextFile[]> {
  const manifest = projectManifest(name, template, packageManifest())
  const written = await Promise.all(['shared', kind].map((folder) => filesOf(folder, name)))
  const container = await renderExport('dockerfile', { ...manifest, isLocked: true, dataFolders: [] })
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  return [{ path: 'package.json', text }, ...written.flat(), ...container]
}

function projectManifest(name: string, { packages }: Template, own: Manifest) {
  const tested = { ...own.devDependencies, ...own.peerDependencies }
  const pinned = (names: readonly string[]): Readonly<Record<string, string>> =>
    Object.fromEntries(names.map((one) => [one, tested[one] ?? '*']))
  const overrides = Object.fromEntries(
    Object.entries(own.overrides).filter(([overridden]) => packages.includes(overridden)),
  )
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      dev: `millrace dev src/flow.ts --port ${port}`,
      test: 'vitest run',
      check: 'tsc --noEmit',
      build: 'tsc -p tsconfig.build.json',
      start: `millrace flow dist/flow.js --port ${port}`,
    },
    dependencies: { ...pinned(packages), millrace: own.version },
    devDependencies: pinned(tools),
    ...(Object.keys(overrides).length > 0 && { overrides }),
  }
}

/** The files of a folder in `templates/`. npm leaves out files with the name `.gitignore`, so they begin with `_`. */
async function filesOf(folder: string, name: string): Promise<readonly TextFile[]> {
  const root = fileURLToPath(new URL(`templates/${folder}/`, packageFolder))
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return Promise.all(
    files.toSorted().map(async (file) => ({
      path: path.relative(root, file).replaceAll(path.sep, '/').replace(/^_/, '.'),
      text: (await readFile(file, 'utf8')).replaceAll('__NAME__', name),
    })),
  )
}
