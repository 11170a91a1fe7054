import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { isSameProcess, processSpace, processStart } from './process-space.js'
import { orNull, pause } from './vanishing.js'

const folderName = '.millrace.pods'

/** How long pods of a killed program may take to end: they need two seconds, unless a handler blocks the thread. */
const lastPodsMs = 5000
const lookEveryMs = 10

/** A process that uses a shard. The Flow's own program is not noted, since its pods there end with it. */
interface PodNote {
  readonly flow: string
  readonly pid: number
  readonly processStart: string | null
  readonly space: string
}

/**
 * Notes that this process uses a shard. Must be called before the shard is locked: a process that takes the lock over later
 * either sees this note, or is seen by this process.
 *
 * @returns a function that removes the note
 */
export function enterShard(shard: string, flow: string): () => void {
  const { pid } = process
  const folder = join(shard, folderName)
  const path = join(folder, nameOf({ flow, pid, processStart: processStart(pid), space: processSpace() }))
  const enter = (): true => {
    orNull(() => mkdirSync(folder))
    writeFileSync(path, '')
    return true
  }
  while (orNull(enter) === null); // the last process to leave removes the folder
  return () => remove(folder, path)
}

/**
 * Waits until pods of earlier Flows have ended, since they may outlive a program that was killed. Must be called once the
 * shard is locked.
 *
 * @throws WORKSPACE_CONFLICT when one of them does not end
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

/** Removes the notes of a Flow's pods, which have ended. */
export function forgetPods(shard: string, flow: string): void {
  const folder = join(shard, folderName)
  for (const [path, note] of notesIn(folder)) if (note.flow === flow) remove(folder, path)
}

/** Pods of other Flows that run here. Notes of pods that have ended, or ran elsewhere, are removed. */
function others(shard: string, flow: string): PodNote[] {
  const folder = join(shard, folderName)
  return notesIn(folder).flatMap(([path, note]) => {
    if (isRunning(note)) return note.flow === flow ? [] : [note]
    remove(folder, path)
    return []
  })
}

function isRunning({ pid, processStart: start, space }: PodNote): boolean {
  return space === plain(processSpace()) && isSameProcess(pid, start)
}

function notesIn(folder: string): (readonly [path: string, note: PodNote])[] {
  const names = orNull(() => readdirSync(folder)) ?? []
  return names.map((name) => [join(folder, name), parseName(name)] as const)
}

/** A note keeps everything in its name, because creating a file is atomic and writing its content is not. */
function nameOf({ flow, pid, processStart: start, space }: PodNote): string {
  return [pid, start ?? '', plain(space), flow].join('~')
}

function parseName(name: string): PodNote {
  const [pid, start = '', space = '', flow = ''] = name.split('~')
  return { flow, pid: Number(pid), processStart: start === '' ? null : start, space }
}

function plain(space: string): string {
  return space.replace(/[^\w.-]/g, '_')
}

function remove(folder: string, path: string): void {
  rmSync(path, { force: true })
  orNull(() => rmdirSync(folder))
}
