import { rmSync, writeFileSync } from 'node:fs'
import { writeHeapSnapshot } from 'node:v8'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import type { ProfileOrder } from './profile-order.js'

/** V8 profiles a thread for one session at a time. */
let isTaken = false

/**
 * Profiles this thread into a file that only this user can read: its texts may be secret. A snapshot of the heap stops the
 * thread until it is written.
 *
 * Rejects with INVALID_OPTION when the file exists or cannot be written, RESOURCE_EXHAUSTED while another profile of this
 * thread is taken, UNSUPPORTED when the runtime has no inspector.
 */
export async function takeProfile({ kind, seconds, file }: ProfileOrder): Promise<void> {
  if (isTaken)
    throw new MillraceError(
      'RESOURCE_EXHAUSTED',
      'Another profile is being taken here. Try again when it is done.',
    )
  isTaken = true
  try {
    create(file)
    try {
      if (kind === 'heap') writeHeapSnapshot(file)
      else writeFileSync(file, JSON.stringify(await cpuProfile(seconds)))
    } catch (error) {
      rmSync(file, { force: true })
      throw error
    }
  } finally {
    isTaken = false
  }
}

function create(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'EEXIST' ? 'exists already. Remove it, or name another one.' : `cannot be written: ${message}`
    throw new MillraceError('INVALID_OPTION', `The file ${file} ${why}`, { cause: error })
  }
}

/** The profile as V8 gives it, which is what `.cpuprofile` files contain. */
async function cpuProfile(seconds: number): Promise<object> {
  const { Session } = await inspector()
  const session = new Session()
  session.connect()
  try {
    const post = (method: string): Promise<{ readonly profile?: object }> =>
      new Promise((resolve, reject) => {
        session.post(method, (error, result) => (error === null ? resolve(result ?? {}) : reject(error)))
      })
    await post('Profiler.enable')
    await post('Profiler.start')
    await new Promise<void>((resolve) => void systemClock.after(seconds * 1000, resolve))
    const { profile = {} } = await post('Profiler.stop')
    return profile
  } finally {
    session.disconnect()
  }
}

async function inspector(): Promise<typeof import('node:inspector')> {
  try {
    return await import('node:inspector')
  } catch (error) {
    throw new MillraceError('UNSUPPORTED', 'This JavaScript runtime has no inspector, which profiles need.', {
      cause: error,
    })
  }
}
