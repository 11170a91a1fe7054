import type * as Lance from '@lancedb/lancedb'
import type * as Arrow from 'apache-arrow'
import { createRequire } from 'node:module'
import { MillraceError } from '../errors.js'

/** LanceDB and its Arrow. Optional peer dependencies: only users of an index install them. */
export interface Engine {
  readonly lance: typeof Lance
  readonly arrow: typeof Arrow
}

const packages = { '@lancedb/lancedb': '0.37.1', 'apache-arrow': '18.1.0' }

const require = createRequire(import.meta.url)

/** Throws MODULE_NOT_FOUND, with the command that helps, unless both packages are installed. Loads nothing. */
export function requireEngine(): void {
  for (const name of Object.keys(packages)) {
    try {
      require.resolve(name)
    } catch (error) {
      throw new MillraceError(
        'MODULE_NOT_FOUND',
        `VectorIndexer stores documents with LanceDB, and ${name} is not installed: npm install ${Object.entries(
          packages,
        )
          .map(([each, version]) => `${each}@${version}`)
          .join(' ')}`,
        { cause: error },
      )
    }
  }
}

let engine: Promise<Engine> | undefined

/** Loads both, 0.3 s and 85 MB, when first called. Throws MODULE_NOT_FOUND as `requireEngine` does. */
export function loadEngine(): Promise<Engine> {
  return (engine ??= load())
}

async function load(): Promise<Engine> {
  requireEngine()
  const [lance, arrow] = await Promise.all([import('@lancedb/lancedb'), import('apache-arrow')])
  return { lance, arrow }
}
