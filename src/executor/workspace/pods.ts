import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../errors.js'
import { createOnce } from './create-once.js'
import { isSameProcess, processSpace, processStart } from './process-space.js'
import { orNull, pause } from './vanishing.js'

const folderName = '.millrace.pods'

/** How long pods of a killed program may take to end: they do within two seconds, unless a handler computes. */
const lastPodsMs = 5000
const lookEveryMs = 10

/** A process that uses a shard; one of the Flow's own program ends with it and is not noted. */
interface PodNote {
  readonly flow: string
  readonly pid: number
  readonly processStart: string | null
  readonly space: string
}

/**
 * Notes that this process uses a shard. To be called before the shard is locked: whoever takes over a lock afterwards sees
 * either this note, or is seen by this process.
 *
 * @returns what takes the note back
 */
export function enterShard(shard: string, flow: string): () => void {
  const { pid } = process
  const note: PodNote = { flow, pid, processStart: processStart(pid), space: processSpace() }
  const folder = join(shard, folderName)
  const path = join(folder, randomUUID())
  const enter = (): boolean => {
    orNull(() => mkdirSync(folder))
    return createOnce(path, JSON.stringify(note))
  }
  while (orNull(enter) === null); // the last one to leave removes the folder
  return () => remove(folder, path)
}

/**
 * Waits until pods of earlier Flows have ended, which may outlive a program that was killed; to be called once the shard is
 * locked.
 *
 * @throws WORKSPACE_CONFLICT when one does not
 */
export function outlastOthers(shard: string, flow: string, patienceMs = lastPodsMs): void {
  let left = others(shard, flow)
  for (let waitedMs = 0; left.length > 0 && waitedMs < patienceMs; waitedMs += lookEveryMs) {
    pause(lookEveryMs)
    left = others(shard, flow)
  }
  if (left.length === 0) return
  const pids = left.map(({ pid }) => pid).join(', ')
  throw new MillraceError(
    'WORKSPACE_CONFLICT',
    `${shard} is still used by pods (pid ${pids}) of a Flow whose program was killed. They end when their handlers do; ` +
      'wait for that, or kill them.',
  )
}

/** Forgets pods of a Flow, which have ended. */
export function forgetPods(shard: string, flow: string): void {
  const folder = join(shard, folderName)
  for (const path of notesIn(folder)) if (readNote(path)?.flow === flow) remove(folder, path)
}

/** Pods of other Flows that run here. Notes of those that have ended, or ran elsewhere, are removed. */
function others(shard: string, flow: string): PodNote[] {
  const folder = join(shard, folderName)
  return notesIn(folder).flatMap((path) => {
    const note = readNote(path)
    if (note !== null && isRunning(note)) return note.flow === flow ? [] : [note]
    remove(folder, path)
    return []
  })
}

function isRunning({ pid, processStart: start, space }: PodNote): boolean {
  return space === processSpace() && isSameProcess(pid, start)
}

function notesIn(folder: string): string[] {
  return (orNull(() => readdirSync(folder)) ?? []).map((name) => join(folder, name))
}

/** Null also for a note that a loss of power cut off: its process is gone. */
function readNote(path: string): PodNote | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PodNote | null
  } catch {
    return null
  }
}

function remove(folder: string, path: string): void {
  rmSync(path, { force: true })
  orNull(() => rmdirSync(folder))
}
