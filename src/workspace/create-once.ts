import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Creates a file unless one of that name exists; returns false then. Of several concurrent attempts exactly one succeeds,
 * and no reader sees an incomplete file, except where the file system has no hard links (FAT, some network ones).
 */
export function createOnce(path: string, text: string): boolean {
  const complete = join(dirname(path), `.millrace.new-${randomUUID()}`)
  write(complete, text)
  try {
    linkSync(complete, path)
    return true
  } catch (error) {
    if (isTaken(error)) return false
    return createInPlace(path, text)
  } finally {
    rmSync(complete, { force: true })
  }
}

function createInPlace(path: string, text: string): boolean {
  try {
    write(path, text)
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

function write(path: string, text: string): void {
  const file = openSync(path, 'wx')
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST'
}
