import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)

/** The command `docker`, with the engine of the tests. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', [...args])
  return stdout.trim()
}

/** Ids of the containers of a Flow, by its name, in any state unless it is said which. */
export async function containersOf(flow: string, ...more: readonly string[]): Promise<readonly string[]> {
  const listed = await docker('ps', '--all', '--quiet', '--filter', `label=millrace.flow=${flow}`, ...more)
  return listed.split('\n').filter((id) => id !== '')
}

/** Removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-docker-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** How often each document was worked on, by its id, of what `/count` wrote. */
export function executionsIn(folder: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of readdirSync(folder)) {
    for (const id of readFileSync(path.join(folder, name), 'utf8').split('\n')) {
      if (id !== '') counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}
