import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from '../lib/alive.js'
import { foldersToSearch, type Surroundings, surroundings } from './folder.js'
import { isListening } from './probe.js'
import { parseSocketName } from './socket-name.js'

/** A running Flow's control socket. */
export interface FlowSocket {
  /** The Flow's name as restricted for file names; its status has the full name. */
  readonly name: string
  /** Id of the process that runs it. */
  readonly pid: number
  readonly path: string
}

/** Running Flows of this user, sorted by name and process id. Removes sockets of killed programs. */
export async function listFlows(from: Surroundings = surroundings()): Promise<readonly FlowSocket[]> {
  const found = foldersToSearch(from).flatMap((folder) => socketsIn(folder))
  const alive = await Promise.all(found.map(isRunning))
  return found
    .filter((_, index) => alive[index])
    .sort((a, b) =>
      a.name === b.name ? a.pid - b.pid || (a.path < b.path ? -1 : 1) : a.name < b.name ? -1 : 1,
    )
}

function socketsIn(folder: string): FlowSocket[] {
  return readdirSync(folder).flatMap((file) => {
    const parsed = parseSocketName(file)
    return parsed === null ? [] : [{ ...parsed, path: join(folder, file) }]
  })
}

async function isRunning({ pid, path }: FlowSocket): Promise<boolean> {
  if (await isListening(path)) return true
  // a live program may be about to listen
  if (!isAlive(pid)) rmSync(path, { force: true })
  return false
}
