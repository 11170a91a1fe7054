import { readFileSync } from 'node:fs'

/** The folder of the package, from `src/cli/` as well as from `dist/cli/` and `dist/chunks/`. */
export const packageFolder: URL = new URL('../../', import.meta.url)

/** The parts of the `package.json` of this package that commands use. */
export interface Manifest {
  readonly version: string
  readonly peerDependencies: Readonly<Record<string, string>>
  /** The exact versions that this version is tested with. */
  readonly devDependencies: Readonly<Record<string, string>>
  readonly overrides: Readonly<Record<string, object>>
}

export function packageManifest(): Manifest {
  return JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as Manifest
}
