import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const installed = fileURLToPath(new URL('../../.cache/autobahn', import.meta.url))
const program = fileURLToPath(new URL('run_autobahn.py', import.meta.url))

/** What Autobahn|Testsuite says of one case: of its messages, and of how the connection was closed. */
export interface Verdict {
  readonly behavior: string
  readonly behaviorClose: string
  /** The code of the server's close frame; null without one. */
  readonly remoteCloseCode: number | null
}

/** Runs cases such as `1.*` against a server, and resolves with their verdicts by number. Rejects when it cannot run. */
export async function runAutobahn(
  port: number,
  cases: readonly string[],
): Promise<Readonly<Record<string, Verdict>>> {
  if (!existsSync(join(installed, 'READY')))
    throw new Error('this test needs Autobahn|Testsuite: run `node scripts/peers.mjs autobahn`')
  const folder = mkdtempSync(join(tmpdir(), 'millrace-autobahn-'))
  const specification = join(folder, 'specification.json')
  const server = { agent: 'gateway', url: `ws://127.0.0.1:${port}/` }
  writeFileSync(
    specification,
    JSON.stringify({
      outdir: folder,
      servers: [server],
      cases,
      'exclude-cases': [],
      'exclude-agent-cases': {},
    }),
  )
  try {
    const python = readFileSync(join(installed, 'PYTHON'), 'utf8')
    const args = ['-B', program, installed, '-m', 'fuzzingclient', '-s', specification]
    await promisify(execFile)(python, args, { cwd: folder, maxBuffer: 2 ** 24 })
    const report = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      readonly gateway: Readonly<Record<string, Verdict>>
    }
    return report.gateway
  } finally {
    rmSync(folder, { recursive: true })
  }
}
