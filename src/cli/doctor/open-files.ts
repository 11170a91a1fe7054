import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Finding, note, ok, wrong } from './finding.js'

/** A connection of a client, of a pod, and a file of an index each take one. */
const least = 1024
const plenty = 4096

/** @param limit how many files a process may open; null when there is no limit */
export function openFilesFinding(limit: number | null): Finding {
  if (limit === null || limit >= plenty)
    return ok('open files', limit === null ? 'no limit' : `up to ${limit} in a process`)
  const found = `up to ${limit} in a process, which many connections exceed`
  const advice = `Raise the limit: ulimit -n ${plenty * 16}, or LimitNOFILE of the service.`
  return limit < least ? wrong('open files', found, advice) : note('open files', found, advice)
}

/** The limit of processes that this one starts: Node has raised its own to the hard limit. */
export async function openFilesLimit(): Promise<number | null> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'ulimit -n'])
  const limit = Number(stdout.trim())
  return Number.isFinite(limit) ? limit : null
}
