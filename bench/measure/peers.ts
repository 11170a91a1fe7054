import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import type { Command } from './program.js'

/** The repository's root, seen from build/bench/measure. */
const root = new URL('../../../', import.meta.url)

/** A file of the repository, by its path from the root. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(path, root))
}

const peers = {
  jina: { path: '.cache/jina-env/READY', made: 'python' },
  ghz: { path: '.cache/bin/ghz', made: 'go' },
  grpcurl: { path: '.cache/bin/grpcurl', made: 'go' },
} as const

/** h2load is a program of the system: it has no package in a registry. */
export type PeerName = keyof typeof peers | 'h2load'

/** @throws Error with the command that installs the missing peers. */
export function assertPeers(names: Iterable<PeerName>): void {
  const needed = new Set(names)
  if (needed.delete('h2load') && spawnSync('h2load', ['--version']).status !== 0)
    throw new Error('h2load is not installed: apt-get install nghttp2-client')
  const missing = ([...needed] as (keyof typeof peers)[]).filter(
    (name) => !existsSync(repositoryPath(peers[name].path)),
  )
  if (missing.length === 0) return
  const steps = [...new Set(missing.map((name) => peers[name].made))].join(' ')
  throw new Error(
    `these peers are not installed: ${missing.join(', ')}. Run \`node scripts/peers.mjs ${steps}\`.`,
  )
}

export function toolPath(name: 'ghz' | 'grpcurl'): string {
  return repositoryPath(peers[name].path)
}

/** A program of bench/peers on real Jina. */
export function jinaProgram(script: string, options: object): Command {
  return {
    file: repositoryPath('.cache/jina-env/bin/python'),
    args: [script, JSON.stringify(options)],
    cwd: repositoryPath('bench/peers'),
    env: {
      JINA_OPTOUT_TELEMETRY: '1',
      JINA_HIDE_SURVEY: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONWARNINGS: 'ignore',
      GRPC_VERBOSITY: 'NONE',
    },
  }
}

/** A program of bench/programs, compiled. */
export function nodeProgram(script: string, options: object): Command {
  return {
    file: process.execPath,
    args: [fileURLToPath(new URL(`../programs/${script}.js`, import.meta.url)), JSON.stringify(options)],
  }
}
