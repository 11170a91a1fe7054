import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { MillraceError } from '../errors.js'

const typeScriptFile = /\.[cm]?tsx?$/u
/** Loaders that a program may have been started with, `node --import tsx`. */
const knownLoaders = /tsx|ts-node|swc|esbuild|sucrase|jiti|oxnode/u

let registered: Promise<void> | undefined

/**
 * Lets this thread import TypeScript when the module asks for it, with the `tsx` of the user's project.
 *
 * A process inherits its parent's `--import tsx`, and needs nothing. A worker thread of Node 20 inherits the option
 * but not the loader. There `register()` is the way that keeps one instance of each module (`tsImport()` loads them
 * once more under a namespace). It must come before the first import: Node remembers a failed one.
 *
 * Rejects with MODULE_NOT_FOUND when there is no `tsx`.
 */
export async function ensureTypeScript(url: string): Promise<void> {
  if (!needsLoader(new URL(url).pathname)) return
  registered ??= register(url)
  await registered
}

function needsLoader(path: string): boolean {
  if ('bun' in process.versions || 'deno' in process.versions) return false
  const hasLoader = knownLoaders.test([...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '))
  // under tsx also JavaScript may import TypeScript
  return isMainThread ? typeScriptFile.test(path) && !hasLoader : typeScriptFile.test(path) || hasLoader
}

interface Registrar {
  register(): unknown
}

async function register(url: string): Promise<void> {
  const tsx = findTsx(url)
  if (tsx === undefined) throw noTsx(url)
  const [esm, cjs] = await Promise.all([importDoor(tsx, './esm/api'), importDoor(tsx, './cjs/api')])
  esm.register()
  cjs.register() // for TypeScript in a package without "type": "module"
}

/** `package.json` of the user's own tsx: seen from the module, else from where the program was started. */
function findTsx(url: string): string | undefined {
  for (const from of [url, pathToFileURL(`${process.cwd()}/`).href]) {
    try {
      return createRequire(from).resolve('tsx/package.json')
    } catch {
      // not from here
    }
  }
  return undefined
}

/** `require.resolve` would give the CommonJS door, which cannot register in a thread. */
async function importDoor(tsx: string, door: './esm/api' | './cjs/api'): Promise<Registrar> {
  const { exports } = JSON.parse(readFileSync(tsx, 'utf8')) as { exports: Record<typeof door, Door> }
  return (await import(new URL(exports[door].import.default, pathToFileURL(tsx)).href)) as Registrar
}

interface Door {
  readonly import: { readonly default: string }
}

function noTsx(url: string): MillraceError {
  return new MillraceError(
    'MODULE_NOT_FOUND',
    `${url} is TypeScript, and 'tsx', which loads it, is not installed there. Install it (npm install --save-dev tsx), or name the compiled .js file.`,
  )
}
