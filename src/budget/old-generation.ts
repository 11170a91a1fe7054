import { setFlagsFromString } from 'node:v8'

const name = '--initial-old-space-size'

/**
 * MiB that V8's old generation may reach before its first marking, instead of about 16 for a heap of 8. V8 counts the memory of
 * ArrayBuffers as part of it, so that messages of 1 MB would start a marking of the whole heap for about ten of them.
 */
const initialMb = 64

/** V8's flag for a process that carries messages; empty where the program's own flags have it. */
export function oldGenerationFlags(programFlags: readonly string[] = process.execArgv): readonly string[] {
  return programFlags.some((flag) => flag.startsWith(name)) ? [] : [`${name}=${initialMb}`]
}

/** Threads that have not started yet. */
let starting = 0

/**
 * Gives the same to the thread that is created next. Node takes no flags of V8 for one thread, but V8 reads this one only when a
 * heap is created. Call the result once, when the thread has started or cannot; until then all threads that start get it.
 */
export function forNextThread(): () => void {
  const [flag] = oldGenerationFlags()
  if (flag === undefined) return () => {}
  starting++
  setFlagsFromString(flag)
  return () => {
    if (--starting === 0) setFlagsFromString(`${name}=0`)
  }
}
