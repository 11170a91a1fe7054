import { AssertionError } from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { foldersToSearch } from '../control/folder.js'
import { parseSocketName } from '../control/socket-name.js'
import { until } from './pause.js'

/** Snapshot of this program's system resources. */
export interface Leftovers {
  /** Child processes, with their command lines. Only on Linux; elsewhere none. */
  readonly processes: readonly string[]
  /** Files of sockets of this program's pods and Flows. */
  readonly sockets: readonly string[]
  /** Resources that keep the event loop alive, counted by kind (`process.getActiveResourcesInfo()`). */
  readonly handles: Readonly<Record<string, number>>
  /** Listeners of `process`, by event. */
  readonly listeners: Readonly<Record<string, number>>
}

/**
 * Takes a snapshot to compare with later.
 *
 * @example
 * const before = leftovers()
 * // start a Flow, work with it, close it
 * await expectNothingLeft(before)
 */
export function leftovers(): Leftovers {
  return { processes: children(), sockets: sockets(), handles: handles(), listeners: listeners() }
}

/**
 * Waits until no resource count exceeds the snapshot.
 *
 * Rejects with an AssertionError that lists what is left after `timeoutMs` (10,000).
 */
export async function expectNothingLeft(
  before: Leftovers,
  { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
): Promise<void> {
  let left: readonly string[] = []
  const isClean = (): boolean => {
    left = difference(before, leftovers())
    return left.length === 0
  }
  if (await until(isClean, { timeoutMs })) return
  throw new AssertionError({
    message: `Left after ${timeoutMs} ms: ${left.join('; ')}.`,
    operator: 'expectNothingLeft',
  })
}

function difference(before: Leftovers, now: Leftovers): readonly string[] {
  return [
    ...now.processes.filter((child) => !before.processes.includes(child)).map((child) => `process ${child}`),
    ...now.sockets.filter((file) => !before.sockets.includes(file)),
    ...more(before.handles, now.handles).map((kind) => `handle ${kind}`),
    ...more(before.listeners, now.listeners).map((event) => `listener of ${event}`),
  ]
}

function more(before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>): string[] {
  return Object.entries(now).flatMap(([kind, count]) => {
    const surplus = count - (before[kind] ?? 0)
    return surplus > 0 ? [`${kind} (${surplus})`] : []
  })
}

function children(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(child)
}

/** A list with this process if it is a running child of this program; empty for others and for zombies. */
function child(pid: string): string[] {
  try {
    // proc(5): state and parent follow the name, which is in parentheses
    const [, state, parent] = /\) (\w) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    if (Number(parent) !== process.pid || state === 'Z') return []
    return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`]
  } catch {
    return [] // it has exited meanwhile
  }
}

function sockets(): string[] {
  const pods = [...new Set([tmpdir(), '/tmp'])].filter(existsSync).flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => name.startsWith(`millrace-${process.pid}-`))
      .flatMap((name) => files(path.join(parent, name))),
  )
  const controls = foldersToSearch().flatMap((folder) =>
    files(folder).filter((file) => parseSocketName(path.basename(file))?.pid === process.pid),
  )
  return [...pods, ...controls]
}

/** The files of a folder; an empty folder is listed itself. */
function files(folder: string): string[] {
  try {
    const names = readdirSync(folder)
    return names.length === 0 ? [folder] : names.map((name) => path.join(folder, name))
  } catch {
    return []
  }
}

function handles(): Record<string, number> {
  return count(process.getActiveResourcesInfo())
}

function listeners(): Record<string, number> {
  return Object.fromEntries(
    process.eventNames().map((event) => [String(event), process.listenerCount(event)]),
  )
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
