import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { createOnce } from './create-once.js'

const name = 'millrace.json'
const version = 1

/**
 * Checks that a folder `WORKSPACE/NAME` has data of that many shards, and records the number in a new folder.
 *
 * Without a marker (data of a version that wrote none, or of Jina, which uses the same folders) the number of shard folders
 * is used. In a read-only folder no marker is written and none is needed, since data cannot be added.
 *
 * @throws WORKSPACE_CONFLICT when the folder has data of another number of shards
 */
export function checkShards(folder: string, shards: number, readOnly = false): void {
  const noted = readMarker(folder)
  if (noted !== null) return compare(folder, noted, shards)
  const found = shardFolders(folder)
  // a shard's folder is created after the marker: if a folder appeared meanwhile, so did the marker
  const notedMeanwhile = readMarker(folder)
  if (notedMeanwhile !== null) return compare(folder, notedMeanwhile, shards)
  if (found.length > 0 && !areFirst(found, shards)) throw doesNotFit(folder, found, shards)
  if (readOnly) return
  const text = `${JSON.stringify({ version, shards })}\n`
  if (!createOnce(join(folder, name), text)) compare(folder, readMarker(folder) ?? shards, shards)
}

function compare(folder: string, noted: number, shards: number): void {
  if (noted === shards) return
  throw conflict(
    `${folder} holds data of ${counted(noted)}, and this stage has ${counted(shards)}. ` +
      `Start it with shards: ${noted}, or with another workspace.`,
  )
}

/** Null when there is no marker. */
function readMarker(folder: string): number | null {
  const path = join(folder, name)
  const text = readText(path)
  if (text === null) return null
  const marker = parse(text)
  if (marker === null) {
    const wanted = `{ "version": ${version}, "shards": N }`
    throw conflict(
      `${path} must be ${wanted}, and is ${JSON.stringify(text.slice(0, 100))}. ` +
        'Write it anew with the number of shards that made the data, or use another workspace.',
    )
  }
  if (marker.version > version) {
    throw conflict(
      `${path} is of version ${marker.version}, and this Millrace reads version ${version}. ` +
        'Update Millrace, or use another workspace.',
    )
  }
  return marker.shards
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Markers of newer versions are only known to have a version. */
function parse(text: string): { readonly version: number; readonly shards: number } | null {
  try {
    const found = JSON.parse(text) as { readonly version?: unknown; readonly shards?: unknown } | null
    if (!isCount(found?.version)) return null
    if (found.version > version) return { version: found.version, shards: 0 }
    return isCount(found.shards) ? { version: found.version, shards: found.shards } : null
  } catch {
    return null
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}

function shardFolders(folder: string): number[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile() && /^\d+$/.test(entry.name))
    .map((entry) => Number(entry.name))
    .sort((a, b) => a - b)
}

function areFirst(found: readonly number[], shards: number): boolean {
  return found.length === shards && found.every((shard, index) => shard === index)
}

function doesNotFit(folder: string, found: readonly number[], shards: number): MillraceError {
  const advice = areFirst(found, found.length) ? `Start it with shards: ${found.length}, or with` : 'Use'
  return conflict(
    `${folder} has no ${name} that says of how many shards its data is, and has folders of ${counted(found.length)} ` +
      `(${found.join(', ')}); this stage has ${counted(shards)}. ${advice} another workspace.`,
  )
}

function counted(shards: number): string {
  return `${shards} ${shards === 1 ? 'shard' : 'shards'}`
}

function conflict(message: string): MillraceError {
  return new MillraceError('WORKSPACE_CONFLICT', message)
}
