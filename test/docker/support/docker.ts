import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs the docker command against the engine of the tests; gives what it printed. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** Ids of containers with these labels that run, the oldest last. */
export async function containersOf(labels: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`])
  const said = await docker('ps', '--quiet', ...filters)
  return said === '' ? [] : said.split('\n')
}
