import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** Removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-docker-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** How often each document was processed, by id, as recorded by `/count`. */
export function executionsIn(folder: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of readdirSync(folder)) {
    for (const id of readFileSync(path.join(folder, name), 'utf8').split('\n')) {
      if (id !== '') counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}
