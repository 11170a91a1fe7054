import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs the docker command against the engine of the tests; resolves with its output. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** Ids of containers with these labels, in the given or any state; the oldest last. */
export async function containersWith(
  labels: Readonly<Record<string, string>>,
  ...more: readonly string[]
): Promise<readonly string[]> {
  const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`])
  const said = await docker('ps', '--all', '--quiet', ...filters, ...more)
  return said === '' ? [] : said.split('\n')
}

/** Containers of a Flow, by its name. */
export function containersOf(flow: string, ...more: readonly string[]): Promise<readonly string[]> {
  return containersWith({ 'millrace.flow': flow }, ...more)
}

/** Running containers of a stage. */
export function runningIn(flow: string, stage: string): Promise<readonly string[]> {
  return containersWith({ 'millrace.flow': flow, 'millrace.stage': stage }, '--filter', 'status=running')
}
